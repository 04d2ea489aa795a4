# Run by CPack over what it is about to pack: the documents that Debian asks for, compressed as it asks.
set(debian ${CPACK_PYFAULT_SOURCE}/systemd/debian)
# Whatever those of the checkout are.
set(permissions FILE_PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)

function(pyfault_add_documents share package readme)
  set(documents ${share}/doc/${package})
  file(COPY ${debian}/copyright ${readme} DESTINATION ${documents} ${permissions})
  configure_file(${debian}/changelog ${documents}/changelog.Debian COPYONLY ${permissions})
  file(GLOB pages ${share}/man/man*/*.[1-8])
  execute_process(COMMAND gzip -9nf ${pages} ${documents}/changelog.Debian COMMAND_ERROR_IS_FATAL ANY)
endfunction()

pyfault_add_documents(${CPACK_TEMPORARY_DIRECTORY}/Unspecified/usr/share pyfault-watchdog ${CPACK_PYFAULT_SOURCE}/README.md)
pyfault_add_documents(${CPACK_TEMPORARY_DIRECTORY}/python/usr/share python3-pyfault ${CPACK_PYFAULT_SOURCE}/agent/python/README.md)
