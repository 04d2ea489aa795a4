// Where the names of users, groups and hosts are looked up.
#pragma once

namespace pyfault {

// Whether this program is linked statically. It then sees only what the C library knows by itself:
// /etc/passwd, /etc/group, /etc/hosts and DNS. All else (LDAP, systemd, mDNS) are plug-ins of the
// machine's C library.
bool looks_up_names_without_plugins();

// Keeps a statically linked program from loading such a plug-in, which would bring the machine's C
// library with it, and may crash. To be called first; does nothing in any other program.
void refuse_name_plugins();

}  // namespace pyfault
