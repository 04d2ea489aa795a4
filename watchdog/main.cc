#include "watchdog/watchdog_main.h"

int main(int argc, char** argv) {
  return pyfault::watchdog_main(argc, argv);
}
