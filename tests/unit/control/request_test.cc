#include "watchdog/control/request.h"

#include <gmock/gmock.h>

namespace pyfault {
namespace {

using testing::HasSubstr;

std::string refusal_of(std::string_view line) {
  const auto parsed = parse_request(line);
  const auto* bad = std::get_if<BadRequest>(&parsed);
  return bad ? bad->message : "taken";
}

class RequestThere : public testing::TestWithParam<Request> {};

TEST_P(RequestThere, and_back_again) {
  const std::string line = request_line(GetParam());
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const auto parsed = parse_request(line);
  ASSERT_TRUE(std::holds_alternative<Request>(parsed)) << line;
  EXPECT_EQ(std::get<Request>(parsed), GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Control, RequestThere,
    testing::Values(Request(StatusRequest{}), Request(StatusRequest{{"web", "queue#2"}}),
                    Request(CommandRequest{WorkerCommand::kStart, {"web"}, false, true}),
                    Request(CommandRequest{WorkerCommand::kStop, {}, true, false}),
                    Request(CommandRequest{WorkerCommand::kRestart, {"a\nb\x01"}, false, true}),
                    Request(ReloadRequest{}), Request(EventsRequest{}),
                    Request(EventsRequest{true, 10, ReportFormat::kJson}),
                    Request(DumpRequest{"4711", ReportFormat::kColoured})));

TEST(Request, what_is_left_out_goes_without_saying) {
  EXPECT_EQ(std::get<Request>(parse_request(R"({"request":"stop","workers":["web"]})")),
            Request(CommandRequest{WorkerCommand::kStop, {"web"}, false, true}));
}

TEST(Request, members_of_a_newer_client_are_no_obstacle) {
  EXPECT_EQ(refusal_of(R"({"request":"reload","force":true})"), "taken");
}

TEST(Request, junk_is_refused) {
  for (const char* junk :
       {"", "status", "{", "[]", "3", "\"status\"", "{\"request\":\"\xff\"}", "{}}"}) {
    EXPECT_THAT(refusal_of(junk), HasSubstr("one JSON object on a line")) << junk;
  }
}

TEST(Request, so_is_what_has_the_wrong_shape) {
  for (const char* line :
       {"{}", R"({"request":1})", R"({"request":"dump"})",
        R"({"request":"status","workers":"web"})", R"({"request":"events","format":"xml"})",
        R"({"request":"events","last":"ten"})"}) {
    EXPECT_THAT(refusal_of(line), HasSubstr("lacks a member")) << line;
  }
}

TEST(Request, an_unknown_one_is_named) {
  EXPECT_THAT(refusal_of(R"({"request":"explode"})"), HasSubstr("'explode'"));
}

TEST(Request, deep_nesting_is_no_danger) {
  EXPECT_THAT(refusal_of(std::string(kMaxRequestBytes, '[')), HasSubstr("one JSON object"));
}

}  // namespace
}  // namespace pyfault
