#include "store/query/parse.h"

#include <charconv>

#include "base/duration.h"
#include "store/query/syntax.h"

namespace clew::store {
namespace {

// A key or a value, and where it stood.
struct Word {
  std::string text;
  std::size_t at = 0;
  bool quoted = false;
};

struct Key {
  Word word;
  std::string_view prefix;  // span. or resource., else empty
};

Error At(std::size_t at, const std::string& what) {
  return Error{Code::kInvalid, "column " + std::to_string(at + 1) + ": " + what};
}

// For messages: never more of a hostile text than one can read.
std::string Show(std::string_view text) {
  constexpr std::size_t kMaxShown = 40;
  return "\"" + std::string(text.substr(0, kMaxShown)) + (text.size() > kMaxShown ? "..." : "") +
         "\"";
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  // True at the end.
  bool SkipSpaces() {
    while (at_ < text_.size() && syntax::IsSpace(text_[at_])) ++at_;
    return at_ == text_.size();
  }
  std::size_t at() const { return at_; }
  bool AfterSpace() const { return at_ == 0 || syntax::IsSpace(text_[at_ - 1]); }

  Result<Key> TakeKey() {
    Key key;
    for (const std::string_view prefix : {syntax::kSpanPrefix, syntax::kResourcePrefix}) {
      if (text_.substr(at_).starts_with(prefix)) key.prefix = prefix;
    }
    at_ += key.prefix.size();
    auto word = TakeWord(syntax::EndsKey, "a name is expected here");
    if (!word) return word.error();
    key.word = *std::move(word);
    return key;
  }

  Result<Word> TakeValue() {
    if (SkipSpaces()) return At(at_, "a value is expected here");
    return TakeWord(syntax::IsSpace, "a value is expected here");
  }

  // Moves only over an operator.
  std::optional<Op> TakeOp() {
    for (const syntax::OpWord& op : syntax::kOpWords) {
      if (!text_.substr(at_).starts_with(op.word)) continue;
      at_ += op.word.size();
      return op.op;
    }
    const std::string_view rest = text_.substr(at_);
    if (!rest.starts_with(syntax::kExists) || !AfterSpace()) return std::nullopt;
    if (rest.size() > syntax::kExists.size() && !syntax::IsSpace(rest[syntax::kExists.size()])) {
      return std::nullopt;
    }
    at_ += syntax::kExists.size();
    return Op::kExists;
  }

 private:
  Result<Word> TakeWord(bool (*ends)(char), const char* expected) {
    Word word{.at = at_};
    if (at_ < text_.size() && text_[at_] == '"') {
      word.quoted = true;
      if (!Unquote(word.text)) return At(word.at, "the quote that begins here does not end");
    } else {
      const std::size_t begin = at_;
      while (at_ < text_.size() && !ends(text_[at_])) ++at_;
      word.text = text_.substr(begin, at_ - begin);
      if (word.text.empty()) return At(begin, expected);
    }
    if (word.text.size() > kMaxLiteralBytes) {
      return At(word.at, "over " + std::to_string(kMaxLiteralBytes) + " bytes");
    }
    return word;
  }

  bool Unquote(std::string& out) {
    for (++at_; at_ < text_.size(); ++at_) {
      char c = text_[at_];
      if (c == '"') {
        ++at_;
        return true;
      }
      const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
      if (c == '\\' && (next == '"' || next == '\\')) {
        c = next;
        ++at_;
      }
      out += c;
    }
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// A name out of `name_of`'s numbers, or a number up to 255.
Result<Number> NamedNumber(const Word& word, const char* (*name_of)(std::uint8_t), int names) {
  std::string all;
  for (int i = 0; i < names; ++i) {
    const char* const name = name_of(static_cast<std::uint8_t>(i));
    if (word.text == name) return Number(std::int64_t{i});
    all += (i == 0 ? "" : ", ") + std::string(name);
  }
  std::uint8_t number = 0;
  const char* const end = word.text.data() + word.text.size();
  const auto read = std::from_chars(word.text.data(), end, number);
  if (read.ec == std::errc{} && read.ptr == end) return Number(std::int64_t{number});
  return At(word.at, Show(word.text) + " is none of " + all);
}

Result<Number> ReadFieldNumber(Field field, const Word& word) {
  switch (field) {
    case Field::kKind:
      return NamedNumber(word, KindName, 6);
    case Field::kStatus:
      return NamedNumber(word, StatusName, 3);
    case Field::kDuration:
    case Field::kTraceDuration: {
      const auto duration = ParseDuration(word.text);
      if (!duration) return At(word.at, duration.error().message);
      return Number(std::int64_t{duration->count()});
    }
    default: {
      const auto number = ReadNumber(word.text);
      if (!number) return At(word.at, Show(word.text) + " is no number");
      return *number;
    }
  }
}

// error=true, trace.error=false: what they stand for.
Result<Condition> ErrorCondition(bool of_trace, Op op, std::size_t op_at, const Word& value) {
  if (op != Op::kEqual && op != Op::kNotEqual)
    return At(op_at, "error is compared by = or != only");
  if (value.text != "true" && value.text != "false") {
    return At(value.at, Show(value.text) + " is neither true nor false");
  }
  const bool wanted = (value.text == "true") == (op == Op::kEqual);
  Condition condition;
  if (of_trace) {
    condition.field = Field::kTraceErrors;
    condition.op = wanted ? Op::kGreater : Op::kEqual;
    condition.literal.number = std::int64_t{0};
  } else {
    condition.field = Field::kStatus;
    condition.op = wanted ? Op::kEqual : Op::kNotEqual;
    condition.literal.number = std::int64_t{2};
  }
  return condition;
}

bool IsTextField(Field field) {
  return field == Field::kService || field == Field::kName || field == Field::kRootService ||
         field == Field::kRootName;
}

Result<Condition> MakeCondition(const Key& key, Op op, std::size_t op_at, Word value) {
  const bool may_be_field = key.prefix.empty() && !key.word.quoted;
  if (may_be_field && key.word.text == syntax::kSpanError) {
    return ErrorCondition(false, op, op_at, value);
  }
  if (may_be_field && key.word.text == syntax::kTraceError) {
    return ErrorCondition(true, op, op_at, value);
  }
  Condition condition;
  condition.op = op;
  const auto field = may_be_field ? syntax::FindField(key.word.text) : std::nullopt;
  if (field) {
    condition.field = *field;
    if (op == Op::kExists) return At(op_at, "every span has a " + key.word.text);
  } else if (may_be_field && key.word.text.starts_with(syntax::kTracePrefix)) {
    return At(key.word.at,
              "a trace has duration, error, errors, spans, root.service and "
              "root.name; an attribute of that name is span." +
                  key.word.text);
  } else {
    if (key.word.text.empty()) return At(key.word.at, "an attribute has a name");
    condition.key = key.word.text;
    if (key.prefix == syntax::kSpanPrefix) condition.scope = AttributeScope::kSpan;
    if (key.prefix == syntax::kResourcePrefix) condition.scope = AttributeScope::kResource;
  }
  if (op == Op::kExists) return condition;
  if (field && !IsTextField(*field)) {
    if (op == Op::kRegex) return At(op_at, "~ is for texts, and " + key.word.text + " is none");
    const bool named = field == Field::kKind || field == Field::kStatus;
    if (named && op != Op::kEqual && op != Op::kNotEqual) {
      return At(op_at, key.word.text + " is compared by = or != only");
    }
    const auto number = ReadFieldNumber(*field, value);
    if (!number) return number.error();
    condition.literal.number = *number;
    return condition;
  }
  if (!field && op != Op::kRegex && !value.quoted)
    condition.literal.number = ReadNumber(value.text);
  if (!condition.literal.number) condition.literal.text = std::move(value.text);
  return condition;
}

Result<Condition> TakeCondition(Scanner& in) {
  auto key = in.TakeKey();
  if (!key) return key.error();
  in.SkipSpaces();
  const std::size_t op_at = in.at();
  const auto op = in.TakeOp();
  if (!op) {
    return At(op_at, "one of = != < <= > >= ~ exists is expected behind " + Show(key->word.text));
  }
  Word value;
  if (*op != Op::kExists) {
    auto taken = in.TakeValue();
    if (!taken) return taken.error();
    value = *std::move(taken);
  }
  return MakeCondition(*key, *op, op_at, std::move(value));
}

}  // namespace

Result<std::vector<Condition>> ParseConditions(std::string_view text) {
  if (text.size() > kMaxExpressionBytes) {
    return At(kMaxExpressionBytes,
              "the query goes on behind " + std::to_string(kMaxExpressionBytes) + " bytes");
  }
  std::vector<Condition> conditions;
  Scanner in(text);
  while (!in.SkipSpaces()) {
    if (!in.AfterSpace()) return At(in.at(), "a space is expected between conditions");
    if (conditions.size() == kMaxConditions) {
      return At(in.at(), "more than " + std::to_string(kMaxConditions) + " conditions");
    }
    auto condition = TakeCondition(in);
    if (!condition) return condition.error();
    conditions.push_back(*std::move(condition));
  }
  return conditions;
}

}  // namespace clew::store
