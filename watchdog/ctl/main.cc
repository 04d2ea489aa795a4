#include "watchdog/ctl/ctl_main.h"

int main(int argc, char** argv) {
  return pyfault::ctl::ctl_main(argc, argv);
}
