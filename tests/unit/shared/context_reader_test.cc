// A block is copied while its process, or a hostile one, goes on writing to it.
#include "shared/context_reader.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstring>
#include <span>
#include <string>

#include "shared/ring_reader.h"
#include "tests/support/context_builder.h"

namespace pyfault {
namespace {

// A block in shared memory, and another process that writes to it until the test is over. (For a
// thread of ours, ThreadSanitizer would call that a race.)
class ContextReader : public testing::Test {
 protected:
  ContextReader()
      : block_(
            static_cast<ContextBlock*>(mmap(nullptr, sizeof(ContextBlock), PROT_READ | PROT_WRITE,
                                            MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {}
  ~ContextReader() override {
    if (writer_ > 0) {
      kill(writer_, SIGKILL);
      waitpid(writer_, nullptr, 0);
    }
    munmap(block_, sizeof *block_);
  }

  // Returns once it has begun to write.
  void write_all_the_time(void (*change)(ContextBlock&, std::uint32_t version)) {
    writer_ = fork();
    if (writer_ == 0) {
      for (std::uint32_t version = 1;; ++version) change(*block_, version);
    }
    while (block_->header.version == 0) sched_yield();
  }

  const ContextCopy& copy() {
    copy_context(*block_, copy_);
    return copy_;
  }
  std::string bytes() { return {copy().annotations.bytes, copy_.annotations.size}; }

  ContextBlock* const block_;
  ContextCopy copy_{};
  pid_t writer_ = -1;
};

TEST_F(ContextReader, a_change_that_is_under_way_is_not_seen) {
  test::ContextBuilder(*block_).annotate("a", "1");
  block_->annotations[(block_->header.version + 1) % 2].size = 4000;
  EXPECT_EQ(bytes().substr(sizeof(AnnotationHead)), "a1");
}

TEST_F(ContextReader, annotations_that_always_change_are_none_and_take_no_time) {
  write_all_the_time([](ContextBlock& block, std::uint32_t version) {
    block.annotations[0].size = block.annotations[1].size = ~version;
    ++block.header.version;
  });
  for (int i = 0; i < 1000; ++i) {
    EXPECT_LE(copy().annotations.size, sizeof(AnnotationCopy::bytes));
  }
}

TEST_F(ContextReader, a_copy_is_of_one_version) {
  write_all_the_time([](ContextBlock& block, std::uint32_t version) {
    AnnotationCopy& next = block.annotations[version % 2];
    next.size = 64;
    std::memset(next.bytes, static_cast<int>('a' + version % 26), next.size);
    block.header.version.store(version, std::memory_order_release);
    std::atomic_thread_fence(std::memory_order_seq_cst);
  });
  for (int i = 0; i < 20'000; ++i) {
    const std::string seen = bytes();
    ASSERT_EQ(seen.find_first_not_of(seen.empty() ? 'a' : seen[0]), seen.npos) << seen;
  }
}

TEST_F(ContextReader, a_breadcrumb_is_of_one_number) {
  write_all_the_time([](ContextBlock& block, std::uint32_t version) {
    Breadcrumb& crumb = block.crumbs[0];
    crumb.number = 0;
    crumb.size = 64;
    std::memset(crumb.text, static_cast<int>('a' + version % 26), crumb.size);
    crumb.number = version;
    block.header.version = version;
  });
  for (int i = 0; i < 20'000; ++i) {
    for (const CrumbCopy& crumb : std::span(copy().crumbs).first(copy_.crumb_count)) {
      const std::string seen(crumb.text, crumb.size);
      ASSERT_EQ(seen, std::string(64, static_cast<char>('a' + crumb.number % 26)));
    }
  }
}

class ContextBlocks : public testing::Test {
 protected:
  ContextBlocks()
      : ring_(mmap(nullptr, kRingSize, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)),
        reader_(ring_) {}
  ~ContextBlocks() override { munmap(ring_, kRingSize); }

  void* ring_;
  RingReader reader_;
};

TEST_F(ContextBlocks, a_fresh_ring_has_none) {
  EXPECT_EQ(reader_.contexts_end(), 0u);
  EXPECT_EQ(reader_.context_of(7), kContextCount);
}

TEST_F(ContextBlocks, an_end_beyond_the_ring_is_that_of_the_ring) {
  ring_header(ring_)->contexts_end = ~0U;
  EXPECT_EQ(reader_.contexts_end(), kContextCount);
  EXPECT_EQ(reader_.context_of(7), kContextCount);
}

TEST_F(ContextBlocks, a_block_is_that_of_its_owner) {
  test::ContextBuilder(ring_, 6, 2).taint(1);
  test::ContextBuilder(ring_, 7, 3).taint(2);
  EXPECT_EQ(reader_.context_of(7), 3u);
  EXPECT_EQ(reader_.tainted(3), 2u);
}

TEST_F(ContextBlocks, the_last_block_ends_with_the_ring) {
  test::ContextBuilder(ring_, 7, kContextCount - 1).breadcrumb("last");
  ContextCopy copy;
  reader_.copy_context(reader_.context_of(7), copy);
  EXPECT_EQ(copy.crumb_count, 1u);
}

TEST_F(ContextBlocks, a_block_with_another_owner_by_now_is_not_freed) {
  const test::ContextBuilder block(ring_, 7);
  reader_.free_context(0, 6);
  EXPECT_EQ(reader_.context_owner(0), 7);
  reader_.free_context(0, 7);
  EXPECT_EQ(reader_.context_owner(0), 0);
}

}  // namespace
}  // namespace pyfault
