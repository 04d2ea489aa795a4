# The target wheel makes BUILD/dist/pyfault-*.whl. One file for every CPython that knows the stable ABI of 3.8, on every
# Linux with this glibc or a later one; manylinux2014 is what it is called by a pip that is older than the numbers.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(tag cp38-abi3-manylinux_2_17_${CMAKE_SYSTEM_PROCESSOR}.manylinux2014_${CMAKE_SYSTEM_PROCESSOR})
set(wheel ${CMAKE_BINARY_DIR}/dist/pyfault-${PROJECT_VERSION}-${tag}.whl)
foreach(library pyfault_agent pyfault_extension pyfault_faulthandler)
  set(${library}_stripped ${CMAKE_CURRENT_BINARY_DIR}/${library})
  add_custom_command(OUTPUT ${${library}_stripped} DEPENDS ${library}
                     COMMAND ${CMAKE_STRIP} -o ${${library}_stripped} $<TARGET_FILE:${library}> VERBATIM)
endforeach()
# Below _native lies an installation, in which the watchdog finds its agent and its symbolizer as in any other.
set(native pyfault/_native/${PYFAULT_AGENT_DIRECTORY})
foreach(file IN LISTS metadata)
  get_filename_component(name ${file} NAME)
  list(APPEND wheel_files ${metadata_folder}/${name}=${file})
endforeach()
list(APPEND wheel_files
  pyfault.pth=${CMAKE_CURRENT_SOURCE_DIR}/pyfault.pth
  pyfault/_pyfault.abi3.so=${pyfault_extension_stripped}
  pyfault/faulthandler.abi3.so=${pyfault_faulthandler_stripped}
  pyfault/_native/bin/pyfault-watchdog=$<TARGET_FILE:pyfault-static>
  ${native}/libpyfault_agent.so=${pyfault_agent_stripped}
  ${native}/pyfault-symbolizer=$<TARGET_FILE:pyfault-static-symbolizer>)
add_custom_command(
  OUTPUT ${wheel}
  DEPENDS make_wheel.py pyfault.pth ${metadata} ${copies} ${pyfault_extension_stripped} ${pyfault_faulthandler_stripped} ${pyfault_agent_stripped}
          pyfault-static pyfault-static-symbolizer
  COMMAND Python3::Interpreter -B ${CMAKE_CURRENT_SOURCE_DIR}/make_wheel.py --output ${CMAKE_BINARY_DIR}/dist
          --version ${PROJECT_VERSION} --tag ${tag} ${wheel_files}
  VERBATIM)
add_custom_target(wheel DEPENDS ${wheel})
