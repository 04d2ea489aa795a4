# ctest keeps the list of a test program's tests for as long as the program stays the same, but these lists depend on
# the interpreters that PYFAULT_TEST_PYTHONS names. Included by ctest before the lists are.
set(stamp "${CMAKE_CURRENT_LIST_DIR}/listed_for")
set(listed_for "")
if(EXISTS "${stamp}")
  file(READ "${stamp}" listed_for)
endif()
if(NOT listed_for STREQUAL "pythons: $ENV{PYFAULT_TEST_PYTHONS}")
  file(GLOB lists "${CMAKE_CURRENT_LIST_DIR}/*_tests.cmake")
  if(lists)
    file(REMOVE ${lists})
  endif()
  file(WRITE "${stamp}" "pythons: $ENV{PYFAULT_TEST_PYTHONS}")
endif()
