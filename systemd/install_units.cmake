# What names paths of the installation; they are known when it is installed (cmake --install --prefix).
set(bindir ${CMAKE_INSTALL_PREFIX}/bin)
set(libdir ${CMAKE_INSTALL_PREFIX}/lib/pyfault-watchdog)
set(configuration ${CMAKE_INSTALL_PREFIX}/etc/pyfault-watchdog)
if(CMAKE_INSTALL_PREFIX STREQUAL /usr)
  set(configuration /etc/pyfault-watchdog)
endif()

set(ready ${BINARY_DIR}/ready)
foreach(unit pyfault-watchdog.service pyfault-watchdog@.service)
  configure_file(${SOURCE_DIR}/${unit}.in ${ready}/${unit} @ONLY)
  file(INSTALL ${ready}/${unit} DESTINATION ${CMAKE_INSTALL_PREFIX}/lib/systemd/system)
endforeach()

# The operator's own is not written over.
if(NOT EXISTS $ENV{DESTDIR}${configuration}/pyfault-watchdog.toml)
  file(INSTALL ${SOURCE_DIR}/pyfault-watchdog.toml DESTINATION ${configuration})
endif()
