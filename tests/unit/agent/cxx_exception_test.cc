#include "agent/in_signal/cxx_exception.h"

#include <gtest/gtest.h>
#include <sys/ucontext.h>

#include <array>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>

#include "tests/unit/agent/guarded.h"

namespace pyfault::test {
namespace {

struct Derived : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct Other {};
struct Twice : Other, std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string text_at(std::uintptr_t address) {
  return address == 0 ? "" : reinterpret_cast<const char*>(address);
}

class CxxExceptionTest : public ::testing::Test {
 protected:
  // With `value` on the stack, below things that are no exceptions.
  static CxxException find_beside(std::uintptr_t value) {
    static const std::array<std::uintptr_t, 4> decoys{0, 1, 0x7fff00000000, 0xdeadbeef};
    std::array<std::uintptr_t, 1024> stack{};
    std::copy(decoys.begin(), decoys.end(), stack.begin());
    stack[3] = address_of(stack.data());
    stack[500] = value;
    ucontext_t context{};
    context.uc_mcontext.gregs[REG_RSP] = static_cast<greg_t>(address_of(stack.data()));
    return find_cxx_exception(&context);
  }

  // While `thrown` is handled.
  template <class T>
  void expect(const T& thrown, const std::string& type, const std::string& what) {
    try {
      throw thrown;
    } catch (...) {
      const std::exception_ptr current = std::current_exception();
      const std::uintptr_t object = *reinterpret_cast<const std::uintptr_t*>(&current);
      for (const std::uintptr_t address : {object, object - 32}) {
        const CxxException found = find_beside(address);
        EXPECT_EQ(text_at(found.type_name), type);
        EXPECT_EQ(text_at(found.what), what);
      }
    }
  }

  Guarded guarded_;
};

TEST_F(CxxExceptionTest, ATextInTheStandardBases) {
  expect(std::runtime_error("boom"), "St13runtime_error", "boom");
  expect(std::out_of_range("too far"), "St12out_of_range", "too far");
}

TEST_F(CxxExceptionTest, ATextInheritedOverSeveralTypes) {
  expect(Derived("deep"), typeid(Derived).name(), "deep");
  expect(std::system_error(ENOENT, std::generic_category(), "open"), "St12system_error",
         "open: No such file or directory");
}

TEST_F(CxxExceptionTest, ATextThatWasThrown) {
  expect(static_cast<const char*>("plain"), "PKc", "plain");
}

TEST_F(CxxExceptionTest, NoTextWhereNoneIsKept) {
  expect(std::bad_alloc(), "St9bad_alloc", "");
  expect(42, "i", "");
}

TEST_F(CxxExceptionTest, NoTextBehindSeveralBases) {
  expect(Twice("hidden"), typeid(Twice).name(), "");
}

TEST_F(CxxExceptionTest, OneThatIsNotHandledIsNone) {
  const std::exception_ptr over = std::make_exception_ptr(std::runtime_error("over"));
  EXPECT_EQ(find_beside(*reinterpret_cast<const std::uintptr_t*>(&over)).type_name, 0u);
}

TEST_F(CxxExceptionTest, NothingOnTheStack) {
  EXPECT_EQ(find_beside(0).type_name, 0u);
}

TEST_F(CxxExceptionTest, NoStackAtAll) {
  ucontext_t context{};
  EXPECT_EQ(find_cxx_exception(&context).type_name, 0u);
  EXPECT_EQ(find_cxx_exception(nullptr).type_name, 0u);
}

}  // namespace
}  // namespace pyfault::test
