#include "base/archive.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"

namespace mote {
namespace {

std::vector<std::byte> bytes_of(const std::string& text) {
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  return {bytes.begin(), bytes.end()};
}

std::vector<ArchiveMember> members_of(std::span<const std::byte> archive,
                                      std::uint64_t limit_bytes = 1 << 20) {
  std::vector<ArchiveMember> members;
  read_archive(archive, "memory", limit_bytes,
               [&](ArchiveMember&& member) { members.push_back(std::move(member)); });
  return members;
}

TEST(Archive, EveryFormatRoundTripsFromMemoryAndFile) {
  const TemporaryFolder folder;
  for (const char* name : {"a.tar", "a.tar.gz", "a.tgz", "a.zip"}) {
    const std::vector<ArchiveMember> members = {{"x/one.txt", bytes_of("first")},
                                                {"y/\xc3\xa9.txt", bytes_of("")}};
    const auto archive = format_archive(members, name);
    const auto back = members_of(archive);
    ASSERT_EQ(back.size(), 2U) << name;
    EXPECT_EQ(back[0].path, "x/one.txt");
    EXPECT_EQ(back[0].bytes, members[0].bytes);
    EXPECT_EQ(back[1].path, "y/\xc3\xa9.txt");
    EXPECT_TRUE(back[1].bytes.empty());
    write_file(folder.path() / name, archive);
    std::size_t count = 0;
    read_archive(folder.path() / name, 100, [&](ArchiveMember&&) { ++count; });
    EXPECT_EQ(count, 2U);
  }
}

TEST(Archive, ExpansionIsBounded) {
  const auto archive = format_archive({{"zeros", std::vector<std::byte>(1 << 20)}}, "bomb.tar.gz");
  EXPECT_LT(archive.size(), 5000U);
  EXPECT_THROW(members_of(archive, 1000), UserError);
  EXPECT_NO_THROW(members_of(archive));
}

TEST(Archive, RefusesDamage) {
  auto archive = format_archive({{"text", std::vector<std::byte>(100000, std::byte{7})}}, "a.tar.gz");
  archive.resize(archive.size() / 2);
  EXPECT_THROW(members_of(archive), UserError);
  EXPECT_THROW(members_of(bytes_of("neither tar nor zip")), UserError);
  EXPECT_THROW(read_archive("/nowhere/a.tar", 10, [](ArchiveMember&&) {}), UserError);
}

TEST(Archive, DecompressesWhatIsCompressedOnly) {
  std::string gzip("\x1f\x8b\x08\0\0\0\0\0\0\xff\x01\x02\0\xfd\xffhi\xac\x2a\x93\xd8\x02\0\0\0",
                   25);  // stored block
  EXPECT_EQ(decompress(bytes_of(gzip), "hi.gz", 100), bytes_of("hi"));
  EXPECT_EQ(decompress(bytes_of("plain"), "plain", 100), bytes_of("plain"));
  EXPECT_TRUE(decompress({}, "empty", 100).empty());
  gzip.resize(12);
  EXPECT_THROW(decompress(bytes_of(gzip), "cut.gz", 100), UserError);
}

}  // namespace
}  // namespace mote
