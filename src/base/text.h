// Small text pieces that several folders share: sizes, numbers that round-trip, splitting.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mote {

// "64K" -> 65536, "1M", "512", "1.5K"; K, M, G are powers of 1024, an optional "B" or "iB" may follow.
std::optional<std::uint64_t> parse_bytes(std::string_view text);
// 1536 -> "1,536 bytes (1.5 KiB)"
std::string format_bytes(std::uint64_t bytes);
std::string format_count(std::uint64_t count);  // 12500000 -> "12,500,000"

// The shortest decimal that reads back to the same number; "inf", "-inf", "nan" for the rest.
std::string format_float(float value);
std::string format_double(double value);

std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
// ASCII letters only, in any locale.
std::string upper_case(std::string text);
std::string lower_case(std::string text);
// [a-zA-Z0-9_] only and not starting with a digit: a C identifier made from any text.
std::string c_identifier(std::string_view text);

}  // namespace mote
