// What a block of the ring holds after it has been written (shared/context.h).
#include "shared/context_writer.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/unit/agent/guarded.h"

namespace pyfault::test {
namespace {

class ContextWriterTest : public ::testing::Test {
 protected:
  ContextWriterTest()
      : ring_(::mmap(nullptr, kRingSize, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)),
        writer_(ContextWriter::claim(ring_, 7)) {}
  ~ContextWriterTest() override { ::munmap(ring_, kRingSize); }

  static ContextText text(std::string_view view) { return {view.data(), view.size()}; }
  bool annotate(std::string_view key, std::string_view value, int tid = 0) {
    return writer_.annotate(tid, text(key), text(value));
  }
  const ContextBlock& block() const { return *ring_context(ring_, writer_.index()); }

  // "key=value" of each annotation, with "@tid" if it holds for one thread.
  std::vector<std::string> annotations() const {
    const AnnotationCopy& copy = block().annotations[block().header.version.load() % 2];
    std::vector<std::string> all;
    for (std::size_t at = 0; at < copy.size;) {
      AnnotationHead head{};
      std::memcpy(&head, copy.bytes + at, sizeof head);
      at += sizeof head;
      std::string one(copy.bytes + at, head.key_size);
      one += "=" + std::string(copy.bytes + at + head.key_size, head.value_size);
      if (head.tid != 0) one += "@" + std::to_string(head.tid);
      at += std::size_t{head.key_size} + head.value_size;
      all.push_back(std::move(one));
    }
    return all;
  }
  std::string crumb(std::size_t cell) const {
    return {block().crumbs[cell].text, block().crumbs[cell].size};
  }
  std::int32_t owner() const { return ring_header(ring_)->context_owners[writer_.index()].load(); }

  // A child that dies in the middle of `write`, when it reads the end of the text.
  template <class Write>
  void die_in(Write write) {
    const CliffEdge edge;
    const std::string_view torn(reinterpret_cast<const char*>(edge.last(8)), 16);
    const pid_t child = ::fork();
    if (child == 0) {
      ::signal(SIGSEGV, SIG_DFL);
      write(torn);
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status));
  }

  using Strings = std::vector<std::string>;
  void* ring_;
  ContextWriter writer_;
};

TEST_F(ContextWriterTest, ANewValueReplacesTheOldOne) {
  annotate("task", "resize");
  annotate("id", "7");
  annotate("task", "send");
  EXPECT_EQ(annotations(), (Strings{"id=7", "task=send"}));
}

TEST_F(ContextWriterTest, ThreadsHaveTheirOwn) {
  annotate("task", "all");
  annotate("task", "one", 12);
  annotate("task", "two", 12);
  EXPECT_EQ(annotations(), (Strings{"task=all", "task=two@12"}));
}

TEST_F(ContextWriterTest, ARemovedOneIsGone) {
  annotate("task", "resize");
  writer_.remove_annotation(0, text("task"));
  EXPECT_EQ(annotations(), Strings{});
}

TEST_F(ContextWriterTest, WhatIsTooLongIsTruncatedBetweenCharacters) {
  annotate(std::string(kMaxAnnotationKey - 1, 'k') + "\u00e9", "v");
  EXPECT_EQ(annotations(), Strings{std::string(kMaxAnnotationKey - 1, 'k') + "=v"});
}

TEST_F(ContextWriterTest, WhatHasNoRoomIsCounted) {
  for (int index = 0; index < 3; ++index) {
    annotate("k" + std::to_string(index), std::string(kMaxAnnotationValue, 'v'));
  }
  EXPECT_FALSE(annotate("last", std::string(kMaxAnnotationValue, 'v')));
  EXPECT_EQ(annotations().size(), 3U);
  EXPECT_EQ(block().header.left_out.load(), 1U);
}

TEST_F(ContextWriterTest, AStrayWriteIntoTheSizesLosesAnnotationsOnly) {
  annotate("task", "resize");
  auto& copy = ring_context(ring_, writer_.index())->annotations[1];
  copy.size = 0xffffffff;
  annotate("id", "7");
  EXPECT_EQ(annotations(), Strings{"id=7"});
}

TEST_F(ContextWriterTest, TheOldestBreadcrumbMakesRoom) {
  for (std::size_t index = 0; index <= kBreadcrumbCount; ++index) {
    writer_.add_breadcrumb(1, text("crumb " + std::to_string(index)));
  }
  EXPECT_EQ(crumb(0), "crumb 32");
  EXPECT_EQ(crumb(1), "crumb 1");
  EXPECT_EQ(block().crumbs[0].number.load(), 33U);
}

TEST_F(ContextWriterTest, ALongBreadcrumbIsTruncated) {
  writer_.add_breadcrumb(1, text(std::string(1000, 'x')));
  EXPECT_EQ(crumb(0).size(), sizeof(Breadcrumb::text));
}

TEST_F(ContextWriterTest, WhoDiesInTheMiddleLeavesTheOldAnnotations) {
  annotate("id", "7");
  annotate("task", "resize");
  die_in([this](std::string_view torn) { annotate("task", torn); });
  EXPECT_EQ(annotations(), (Strings{"id=7", "task=resize"}));
}

TEST_F(ContextWriterTest, WhoDiesInTheMiddleLeavesNoHalfBreadcrumb) {
  for (std::size_t number = 0; number < kBreadcrumbCount; ++number) {
    writer_.add_breadcrumb(1, text("whole"));
  }
  die_in([this](std::string_view torn) { writer_.add_breadcrumb(2, text(torn)); });
  EXPECT_EQ(block().crumbs[0].number.load(), 0u);
  EXPECT_EQ(crumb(1), "whole");
}

TEST_F(ContextWriterTest, AChildContinuesWithACopyOfItsOwn) {
  annotate("task", "parent");
  ContextWriter child = ContextWriter::claim(ring_, 8);
  child.copy_from(writer_);
  child.annotate(0, text("id"), text("7"));
  EXPECT_EQ(annotations(), Strings{"task=parent"});
  std::swap(writer_, child);
  EXPECT_EQ(annotations(), (Strings{"task=parent", "id=7"}));
}

TEST_F(ContextWriterTest, WhoFindsNoBlockIsCounted) {
  for (std::uint32_t index = 1; index < kContextCount; ++index) {
    EXPECT_TRUE(ContextWriter::claim(ring_, 9));
  }
  EXPECT_FALSE(ContextWriter::claim(ring_, 9));
  EXPECT_EQ(ring_header(ring_)->contextless.load(), 1U);
}

TEST_F(ContextWriterTest, AFreedBlockIsClaimedAndCleared) {
  annotate("task", "old");
  writer_.free(7);
  EXPECT_EQ(owner(), 0);
  writer_ = ContextWriter::claim(ring_, 8);
  EXPECT_EQ(annotations(), Strings{});
}

TEST_F(ContextWriterTest, AfterAFailedExecTheContentIsStillThere) {
  annotate("task", "resize");
  writer_.free(7);
  EXPECT_TRUE(writer_.claim_again(7));
  EXPECT_EQ(annotations(), Strings{"task=resize"});
}

TEST_F(ContextWriterTest, ABlockThatAnotherHasClaimedIsNotTakenBack) {
  writer_.free(7);
  EXPECT_TRUE(ContextWriter::claim(ring_, 8));
  EXPECT_FALSE(writer_.claim_again(7));
}

}  // namespace
}  // namespace pyfault::test
