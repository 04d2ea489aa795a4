// Secrets must not get into a log, and what is no secret must not be lost.
#include "watchdog/event/redaction.h"

#include <gmock/gmock.h>

#include <chrono>

namespace pyfault {
namespace {

using testing::ElementsAre;

using Words = std::vector<std::string>;

std::string redacted(std::string_view text) {
  return Redaction().redact(text);
}

Words redacted(Words command) {
  Redaction().redact(command);
  return command;
}

TEST(Redaction, the_value_of_a_secret_key_is_replaced) {
  EXPECT_EQ(redacted("login with token=abc now"), "login with token=[redacted] now");
  EXPECT_EQ(redacted("token = abc"), "token = [redacted]");
  EXPECT_EQ(redacted("password: hunter2, user: bob"), "password: [redacted], user: bob");
  EXPECT_EQ(redacted("PASSWORD=x USER=bob"), "PASSWORD=[redacted] USER=bob");
}

TEST(Redaction, a_key_ends_in_a_word_of_the_list) {
  const Redaction redaction;
  for (const char* key : {"password",        "DB_PASSWORD",        "db-password",
                          "dbPassword",      "PGPASSWORD",         "password2",
                          "passwords",       "passwordHash",       "X-Api-Key",
                          "apikey",          "APIKeyValue",        "api.key",
                          "set-cookie",      "csrftoken",          "accessToken",
                          "--client-secret", "user%5Bpassword%5D", "aws_access_key_id",
                          "private_key",     "GOOGLE_CREDENTIALS", "Proxy-Authorization",
                          "mysql_pwd",       "--proxy-auth",       "oauth2"}) {
    EXPECT_TRUE(redaction.is_secret(key)) << key;
  }
  for (const char* key : {"", "task", "tokenizer", "secretary", "key", "author", "auth_method",
                          "api", "id", "passenger", "keyboard", "public_key", "Content-Type"}) {
    EXPECT_FALSE(redaction.is_secret(key)) << key;
  }
}

TEST(Redaction, the_end_of_an_endless_key_counts) {
  EXPECT_TRUE(Redaction().is_secret(std::string(100'000, 'x') + "_token"));
}

TEST(Redaction, a_quoted_value_is_replaced_as_a_whole) {
  EXPECT_EQ(redacted(R"({"password": "a b, c", "id": 7})"),
            R"({"password": "[redacted]", "id": 7})");
  EXPECT_EQ(redacted(R"({'token': 'it\'s', 'id': 7})"), R"({'token': '[redacted]', 'id': 7})");
  EXPECT_EQ(redacted(R"(login(password=b'x y', id=7))"), R"(login(password=b'[redacted]', id=7))");
  EXPECT_EQ(redacted(R"("{\"token\": \"a b\", \"id\": 7}")"),
            R"("{\"token\": \"[redacted]\", \"id\": 7}")");
  EXPECT_EQ(redacted(R"(os.environ["TOKEN"] = "abc")"), R"(os.environ["TOKEN"] = "[redacted]")");
}

TEST(Redaction, a_quoted_value_that_does_not_end_ends_with_its_line) {
  EXPECT_EQ(redacted("token='abc def\nnext"), "token='[redacted]\nnext");
}

TEST(Redaction, a_header_has_several_words) {
  EXPECT_EQ(redacted("Authorization: Bearer abc.def\nHost: a"),
            "Authorization: [redacted]\nHost: a");
  EXPECT_EQ(redacted("Cookie: a=b; c=d"), "Cookie: [redacted]");
  EXPECT_EQ(redacted("curl -H 'Authorization: Basic abc' http://a"),
            "curl -H 'Authorization: [redacted]' http://a");
  EXPECT_EQ(redacted("authorization=Bearer abc next"), "authorization=[redacted] next");
  EXPECT_EQ(redacted("(b'authorization', b'Bearer abc'), (b'host', b'a')"),
            "(b'authorization', b'[redacted]'), (b'host', b'a')");
}

TEST(Redaction, a_value_with_brackets_is_replaced_as_a_whole) {
  EXPECT_EQ(redacted("credentials={'user': 'a', 'key': ['b']} id=7"),
            "credentials=[redacted] id=7");
  EXPECT_EQ(redacted("login(password=SecretStr('a, b'), id=7)"),
            "login(password=[redacted], id=7)");
  EXPECT_EQ(redacted("token=a(b c"), "token=[redacted]");
}

TEST(Redaction, a_query_keeps_its_other_parts) {
  EXPECT_EQ(redacted("GET /login?user=bob&token=abc&x=1 200"),
            "GET /login?user=bob&token=[redacted]&x=1 200");
}

TEST(Redaction, a_url_has_no_password) {
  EXPECT_EQ(redacted("postgres://bob:p@ss@db:5432/shop"), "postgres://bob:[redacted]@db:5432/shop");
  EXPECT_EQ(redacted("redis://:abc@host"), "redis://:[redacted]@host");
  EXPECT_EQ(redacted("http://host:80/a@b"), "http://host:80/a@b");
  EXPECT_EQ(redacted("ssh://git@host/a:b"), "ssh://git@host/a:b");
}

TEST(Redaction, an_option_in_a_text_has_its_value_behind_it) {
  EXPECT_EQ(redacted("run a.py --password x -v"), "run a.py --password [redacted] -v");
  EXPECT_EQ(redacted("run a.py --password -v"), "run a.py --password -v");
}

TEST(Redaction, what_is_no_secret_stays_as_it_is) {
  for (const char* text :
       {"", "=", ":", "token", "token=", "token: ", "the password is wrong", "12:30:45 done",
        "a=b c: d", "://", "x://", "--token", "password", "token\n= 3", "tokenizer=gpt2"}) {
    EXPECT_EQ(redacted(text), text);
  }
}

TEST(Redaction, what_has_been_redacted_is_not_redacted_again) {
  const std::string once =
      redacted("token=abc password: 'x y' a://b:c@d --secret x curl -u a:b; redis-cli -a b");
  EXPECT_EQ(redacted(once), once);
}

TEST(Redaction, an_option_takes_the_next_word_for_its_value) {
  EXPECT_THAT(redacted(Words{"app", "--password", "my secret", "--port", "80"}),
              ElementsAre("app", "--password", "[redacted]", "--port", "80"));
  EXPECT_THAT(redacted(Words{"app", "--password", "--verbose", "80"}),
              ElementsAre("app", "--password", "--verbose", "80"));
  EXPECT_THAT(redacted(Words{"app", "--no-password", "80"}),
              ElementsAre("app", "--no-password", "80"));
  EXPECT_THAT(redacted(Words{"app", "--token"}), ElementsAre("app", "--token"));
}

TEST(Redaction, an_assignment_in_a_command_goes_to_the_end_of_the_word) {
  EXPECT_THAT(redacted(Words{"env", "PASSWORD=my secret, too", "--api-key=a b", "a=b"}),
              ElementsAre("env", "PASSWORD=[redacted]", "--api-key=[redacted]", "a=b"));
}

TEST(Redaction, any_word_of_a_command_may_hold_a_secret) {
  EXPECT_THAT(
      redacted(Words{"curl", "-H", "X-Token: abc", "https://a:b@c", "--", "x"}),
      ElementsAre("curl", "-H", "X-Token: [redacted]", "https://a:[redacted]@c", "--", "x"));
}

TEST(Redaction, a_url_in_an_assignment_has_no_password) {
  EXPECT_THAT(
      redacted(Words{"env", "DSN=postgres://bob:abc@db/shop", "--dsn=a://b:c@d"}),
      ElementsAre("env", "DSN=postgres://bob:[redacted]@db/shop", "--dsn=a://b:[redacted]@d"));
}

TEST(Redaction, the_short_options_of_well_known_programs_are_known) {
  EXPECT_THAT(redacted(Words{"/usr/bin/mysql", "-u", "root", "-psecret", "shop"}),
              ElementsAre("/usr/bin/mysql", "-u", "root", "-p[redacted]", "shop"));
  EXPECT_THAT(redacted(Words{"curl", "-u", "bob:a b:c", "http://a"}),
              ElementsAre("curl", "-u", "bob:[redacted]", "http://a"));
  EXPECT_THAT(redacted(Words{"curl", "-ubob:abc", "--proxy-user=bob:abc", "--user", "bob:abc"}),
              ElementsAre("curl", "-ubob:[redacted]", "--proxy-user=bob:[redacted]", "--user",
                          "bob:[redacted]"));
  EXPECT_THAT(redacted(Words{"sshpass", "-p", "my secret", "ssh", "-p", "22", "host"}),
              ElementsAre("sshpass", "-p", "[redacted]", "ssh", "-p", "22", "host"));
  EXPECT_THAT(redacted(Words{"python3", "/usr/bin/http", "-a", "bob:abc", "http://a"}),
              ElementsAre("python3", "/usr/bin/http", "-a", "bob:[redacted]", "http://a"));
  EXPECT_THAT(redacted(Words{"sh", "-c", "mysql -psecret < dump && redis-cli -a abc ping"}),
              ElementsAre("sh", "-c", "mysql -p[redacted] < dump && redis-cli -a [redacted] ping"));
}

TEST(Redaction, the_short_options_of_other_programs_stay_as_they_are) {
  for (const Words& command :
       {Words{"app", "-p", "8080", "-u", "1000:1000", "-a", "x:y"},
        Words{"docker", "run", "-p80:80"}, Words{"mysql", "-p", "shop", "-P3306"},
        Words{"curl", "-u", "bob", "--user-agent", "a:b"}, Words{"mysqld", "-pabc"},
        Words{"sshpass", "-e", "ssh", "-p", "22"}}) {
    EXPECT_EQ(redacted(command), command);
  }
  EXPECT_EQ(redacted("mysql a | find -print\nfind -print"), "mysql a | find -print\nfind -print");
}

TEST(Redaction, a_command_in_a_text_is_a_line_or_a_list) {
  EXPECT_EQ(redacted("run curl -s -u bob:abc http://a"), "run curl -s -u bob:[redacted] http://a");
  EXPECT_EQ(redacted("curl -u 'bob:a b' http://a"), "curl -u 'bob:[redacted]' http://a");
  EXPECT_EQ(redacted("run(['curl', '-u', 'bob:a b', 'x'], 3)"),
            "run(['curl', '-u', 'bob:[redacted]', 'x'], 3)");
  EXPECT_EQ(redacted("run(['redis-cli','-a','a b'])"), "run(['redis-cli','-a','[redacted]'])");
  EXPECT_EQ(redacted("it's curl -u bob:abc '"), "it's curl -u bob:[redacted] '");
}

TEST(Redaction, words_can_be_added) {
  const Redaction redaction({true, {"PIN-code"}});
  EXPECT_EQ(redaction.redact("pin_code=1 token=2"), "pin_code=[redacted] token=[redacted]");
  EXPECT_FALSE(Redaction().is_secret("pin_code"));
}

TEST(Redaction, a_word_without_letters_is_none) {
  EXPECT_FALSE(is_redaction_word(""));
  EXPECT_FALSE(is_redaction_word("_-"));
  EXPECT_FALSE(Redaction({true, {"--"}}).is_secret("task"));
}

Event with_secrets(decltype(Event::body) body) {
  const Context context{{{"password", "abc"}, {"url", "a://b:c@d"}}, 0, {{0, "token=abc"}}, {}};
  Event event;
  event.process.command = {"app", "--token", "abc"};
  event.process.title = "app --token abc";
  event.body = std::move(body);
  if (auto* exit = std::get_if<ExitEvent>(&event.body)) exit->context = context;
  if (auto* crash = std::get_if<Crash>(&event.body)) {
    crash->context = context;
    crash->threads.resize(1);
    crash->threads[0].annotations = context.annotations;
  }
  return event;
}

void expect_no_secrets(const std::vector<Annotation>& annotations) {
  EXPECT_EQ(annotations.at(0).value, "[redacted]");
  EXPECT_EQ(annotations.at(1).value, "a://b:[redacted]@d");
}

TEST(Redaction, no_event_has_secrets) {
  for (Event event :
       {with_secrets(Crash{}), with_secrets(ExitEvent{}), with_secrets(StartEvent{})}) {
    Redaction().redact(event);
    EXPECT_THAT(event.process.command, ElementsAre("app", "--token", "[redacted]"));
    EXPECT_EQ(event.process.title, "app --token [redacted]");
    if (const auto* exit = std::get_if<ExitEvent>(&event.body)) {
      expect_no_secrets(exit->context.annotations);
      EXPECT_EQ(exit->context.breadcrumbs.at(0).text, "token=[redacted]");
    }
    if (const auto* crash = std::get_if<Crash>(&event.body)) {
      expect_no_secrets(crash->context.annotations);
      expect_no_secrets(crash->threads.at(0).annotations);
      EXPECT_EQ(crash->context.breadcrumbs.at(0).text, "token=[redacted]");
    }
  }
}

TEST(Redaction, it_can_be_turned_off) {
  Event event = with_secrets(ExitEvent{});
  Redaction({.is_on = false}).redact(event);
  EXPECT_EQ(event.process.title, "app --token abc");
}

TEST(Redaction, time_grows_with_the_text_and_no_faster) {
  std::string texts[] = {std::string(1 << 20, '='),
                         std::string(1 << 20, ' '),
                         std::string(1 << 20, '"'),
                         "",
                         "",
                         "",
                         "",
                         "",
                         "",
                         ""};
  for (int i = 0; i < 1 << 17; ++i) {
    texts[3] += "token=(";
    texts[4] += "a_b.c-d:";
    texts[5] += "x://y:";
    texts[6] += "--token ";
    texts[7] += "token='\\";
    texts[8] += "curl -u 'a ";
    texts[9] += "curl\n'";
  }
  const auto begin = std::chrono::steady_clock::now();
  for (const std::string& text : texts) EXPECT_GE(redacted(text).size(), 1u);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

}  // namespace
}  // namespace pyfault
