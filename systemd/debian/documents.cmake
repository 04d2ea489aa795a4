# Run by CPack over what it is about to pack: the documents that Debian asks for, compressed as it asks.
set(root ${CPACK_TEMPORARY_DIRECTORY}/usr/share)
set(documents ${root}/doc/pyfault-watchdog)
set(debian ${CPACK_PYFAULT_SOURCE}/systemd/debian)
# Whatever those of the checkout are.
set(permissions FILE_PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)

file(COPY ${debian}/copyright ${CPACK_PYFAULT_SOURCE}/README.md DESTINATION ${documents} ${permissions})
configure_file(${debian}/changelog ${documents}/changelog.Debian COPYONLY ${permissions})
file(GLOB pages ${root}/man/man*/*.[1-8])
execute_process(COMMAND gzip -9nf ${pages} ${documents}/changelog.Debian COMMAND_ERROR_IS_FATAL ANY)
