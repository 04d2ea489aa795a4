#include <gtest/gtest.h>

#include <csignal>
#include <set>

#include "tests/support/record_builder.h"
#include "watchdog/crash/explain_signal.h"
#include "watchdog/crash/signal_names.h"

namespace pyfault::test {
namespace {

std::string described(const FaultSection& fault) {
  return explain_signal(fault).description;
}

TEST(SignalNames, every_signal_has_its_own_name) {
  std::set<std::string> names;
  for (int number = 1; number <= 64; ++number) names.insert(signal_name(number));
  EXPECT_EQ(names.size(), 64u);
}

TEST(SignalNames, fatal_signals) {
  EXPECT_EQ(signal_name(SIGSEGV), "SIGSEGV");
  EXPECT_EQ(signal_name(SIGBUS), "SIGBUS");
  EXPECT_EQ(signal_name(SIGFPE), "SIGFPE");
  EXPECT_EQ(signal_name(SIGILL), "SIGILL");
  EXPECT_EQ(signal_name(SIGABRT), "SIGABRT");
  EXPECT_EQ(signal_name(SIGKILL), "SIGKILL");
}

TEST(SignalNames, real_time_signals_count_from_the_first) {
  EXPECT_EQ(signal_name(SIGRTMIN), "SIGRTMIN");
  EXPECT_EQ(signal_name(SIGRTMIN + 3), "SIGRTMIN+3");
  EXPECT_EQ(signal_name(SIGRTMAX), "SIGRTMIN+30");
}

TEST(SignalNames, numbers_without_a_name_are_spelt) {
  EXPECT_EQ(signal_name(32), "signal 32");
  EXPECT_EQ(signal_name(99), "signal 99");
  EXPECT_EQ(signal_name(-1), "signal -1");
}

TEST(SignalCodes, codes_mean_what_their_signal_says) {
  EXPECT_EQ(signal_code_name(SIGSEGV, 1), "SEGV_MAPERR");
  EXPECT_EQ(signal_code_name(SIGBUS, 1), "BUS_ADRALN");
  EXPECT_EQ(signal_code_name(SIGFPE, 1), "FPE_INTDIV");
  EXPECT_EQ(signal_code_name(SIGILL, 1), "ILL_ILLOPC");
  EXPECT_EQ(signal_code_name(SIGTRAP, 1), "TRAP_BRKPT");
}

TEST(SignalCodes, senders_codes_are_those_of_any_signal) {
  EXPECT_EQ(signal_code_name(SIGSEGV, SI_USER), "SI_USER");
  EXPECT_EQ(signal_code_name(SIGABRT, SI_TKILL), "SI_TKILL");
  EXPECT_EQ(signal_code_name(SIGUSR1, SI_QUEUE), "SI_QUEUE");
  EXPECT_EQ(signal_code_name(SIGSEGV, SI_KERNEL), "SI_KERNEL");
}

TEST(SignalCodes, unknown_code_is_its_number) {
  EXPECT_EQ(signal_code_name(SIGSEGV, 55), "55");
  EXPECT_EQ(signal_code_name(SIGUSR1, -99), "-99");
}

TEST(ExplainSignal, unmapped_address) {
  const Signal signal = explain_signal(segfault(0x7f0000001000));
  EXPECT_EQ(signal.number, SIGSEGV);
  EXPECT_EQ(signal.code_name, "SEGV_MAPERR");
  EXPECT_EQ(signal.address, 0x7f0000001000u);
  EXPECT_EQ(signal.description, "Segmentation fault: address not mapped");
}

TEST(ExplainSignal, null_pointer_and_its_members) {
  constexpr auto kNull = "Segmentation fault: address not mapped (null pointer)";
  EXPECT_EQ(described(segfault(0)), kNull);
  EXPECT_EQ(described(segfault(4095)), kNull);
  EXPECT_EQ(described(segfault(4096)), "Segmentation fault: address not mapped");
  EXPECT_EQ(explain_signal(segfault(0)).address, 0u);
}

TEST(ExplainSignal, non_canonical_address_is_not_null) {
  const Signal signal = explain_signal(kernel_fault(SIGSEGV, SI_KERNEL, 0));
  EXPECT_EQ(signal.address, std::nullopt);
  EXPECT_EQ(signal.description,
            "Segmentation fault: general protection, often a non-canonical address");
}

TEST(ExplainSignal, what_is_mapped_is_not_null) {
  EXPECT_EQ(described(kernel_fault(SIGSEGV, SEGV_ACCERR, 8)),
            "Segmentation fault: access not permitted");
}

TEST(ExplainSignal, other_faults_have_addresses) {
  EXPECT_EQ(explain_signal(kernel_fault(SIGBUS, BUS_ADRERR, 8)).address, 8u);
  EXPECT_EQ(explain_signal(kernel_fault(SIGFPE, FPE_INTDIV, 8)).address, 8u);
  EXPECT_EQ(explain_signal(kernel_fault(SIGILL, ILL_ILLOPN, 8)).address, 8u);
  EXPECT_EQ(explain_signal(kernel_fault(SIGTRAP, TRAP_BRKPT, 8)).address, 8u);
}

TEST(ExplainSignal, only_a_segmentation_fault_is_a_null_pointer) {
  EXPECT_EQ(described(kernel_fault(SIGFPE, FPE_INTDIV, 8)),
            "Floating point exception: integer division by zero, or its overflow");
}

TEST(ExplainSignal, abort_comes_from_the_process_itself) {
  EXPECT_EQ(described(sent_signal(SIGABRT, SI_TKILL, kPid)),
            "Aborted: raised by the process itself");
}

TEST(ExplainSignal, sender_is_named) {
  const Signal signal = explain_signal(sent_signal(SIGSEGV, SI_USER, 77, 1000));
  EXPECT_EQ(signal.sender_pid, 77);
  EXPECT_EQ(signal.sender_uid, 1000u);
  EXPECT_EQ(signal.address, std::nullopt);
  EXPECT_EQ(signal.description, "Segmentation fault: sent by process 77 (uid 1000)");
}

TEST(ExplainSignal, sender_outside_the_pid_namespace_is_not_process_zero) {
  EXPECT_EQ(described(sent_signal(SIGILL, SI_QUEUE, 0, 5)),
            "Illegal instruction: sent from outside the pid namespace (uid 5)");
}

TEST(ExplainSignal, negative_sender_is_not_reported) {
  const Signal signal = explain_signal(sent_signal(SIGSEGV, SI_USER, -5));
  EXPECT_EQ(signal.sender_pid, std::nullopt);
  EXPECT_EQ(signal.description, "Segmentation fault");
}

TEST(ExplainSignal, fault_has_no_sender) {
  FaultSection fault = segfault();
  fault.sender_pid = 77;
  EXPECT_EQ(explain_signal(fault).sender_pid, std::nullopt);
  EXPECT_EQ(explain_signal(fault).sender_uid, std::nullopt);
}

TEST(ExplainSignal, unknown_code_adds_nothing) {
  EXPECT_EQ(described(kernel_fault(SIGSEGV, 55, 1 << 20)), "Segmentation fault");
  EXPECT_EQ(described(kernel_fault(SIGSEGV, 55, 0)), "Segmentation fault: null pointer");
}

TEST(ExplainSignal, signal_without_a_meaning_is_its_name) {
  EXPECT_EQ(described(fault_of(SIGRTMIN + 1, SI_TIMER)), "SIGRTMIN+1: a timer ran out");
}

}  // namespace
}  // namespace pyfault::test
