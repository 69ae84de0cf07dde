// Entrance: matrix_part(). Two pictures, before and after, and the same as a table for those who cannot see them.
#include <fmt/format.h>

#include "report/html_parts.h"

namespace policyconv::report::html {
namespace {

using Reach = Matrix::Reach;

/// In pixels: of a cell, of one where there are many, and of the letters of a label.
constexpr std::size_t large = 24, small = 18, letter = 7;
/// Two pictures with so many large cells fit beside each other.
constexpr std::size_t many = 16;
constexpr std::size_t most_letters = 20;

std::size_t letters(std::string_view name) {
  return std::min(columns(name), most_letters);
}

/// Cut between characters.
std::string shortened(std::string_view name) {
  if (columns(name) <= most_letters) return std::string(name);
  std::size_t end = most_letters - 1;
  if (name.size() <= end) return std::string(name);  // few bytes may take many columns
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end;
  return std::string(name.substr(0, end)) + "…";
}

class Picture {
 public:
  Picture(const Matrix& matrix, Language language)
      : matrix_(matrix), language_(language), size_(matrix.ends.size() > many ? small : large) {
    for (const std::string& end : matrix.ends) margin_ = std::max(margin_, letter * letters(end) + 12);
  }

  [[nodiscard]] Html picture(bool is_after) const {
    const std::size_t side = margin_ + size_ * matrix_.ends.size() + 8;
    Html all;
    for (std::size_t at = 0; at < matrix_.ends.size(); ++at) all += labels(at);
    for (std::size_t from = 0; from < matrix_.ends.size(); ++from)
      for (std::size_t to = 0; to < matrix_.ends.size(); ++to) all += cell(from, to, is_after);
    const std::string_view title = is_after ? say("After: Kube-OVN", language_) : say("Before: Cilium", language_);
    const Attributes attributes = {{"width", fmt::format("{}", side)},
                                   {"height", fmt::format("{}", side)},
                                   {"viewBox", fmt::format("0 0 {} {}", side, side)},
                                   {"role", "img"},
                                   {"aria-label", std::string(title)}};
    Html figure = element("figcaption", text(title));
    figure +=
        element("div", {{"class", "picture"}, {"tabindex", "0"}, {"role", "group"}, {"aria-label", std::string(title)}},
                element("svg", attributes, all));
    return element("figure", figure);
  }

  /// "some → none, stricter"
  [[nodiscard]] std::string words(const Matrix::Cell& cell) const {
    std::string text = std::string(name_of(cell.before));
    if (cell.before != cell.after) text += fmt::format(" → {}", name_of(cell.after));
    if (cell.stricter) text += fmt::format(", {}", say("stricter", language_));
    if (cell.looser) text += fmt::format(", {}", say("looser", language_));
    return text;
  }

 private:
  [[nodiscard]] std::string_view name_of(Reach reach) const {
    switch (reach) {
      case Reach::None:
        return say("none", language_);
      case Reach::Some:
        return say("some", language_);
      case Reach::All:
        return say("all", language_);
    }
    return {};
  }

  [[nodiscard]] std::string at(std::size_t cell) const { return fmt::format("{}", margin_ + size_ * cell); }
  [[nodiscard]] std::string middle(std::size_t cell) const {
    return fmt::format("{}", margin_ + size_ * cell + size_ / 2);
  }

  /// Of the row, then of the column, each with the whole name where the mouse rests.
  [[nodiscard]] Html labels(std::size_t number) const {
    const std::string& name = matrix_.ends[number];
    Html content = element("title", text(name));
    content += text(shortened(name));
    const std::string edge = fmt::format("{}", margin_ - 6),
                      line = fmt::format("{}", margin_ + size_ * number + size_ / 2 + 4);
    Html all = element("text", {{"x", edge}, {"y", line}, {"text-anchor", "end"}}, content);
    all += element("text", {{"transform", fmt::format("translate({} {}) rotate(-90)", line, edge)}}, content);
    return all;
  }

  [[nodiscard]] Html cell(std::size_t from, std::size_t to, bool is_after) const {
    const Matrix::Cell& cell = matrix_.cells[from][to];
    const Reach reach = is_after ? cell.after : cell.before;
    const std::string x = at(to), y = at(from), whole = fmt::format("{}", size_);
    Html all = element("title", text(fmt::format("{} → {}: {}", matrix_.ends[from], matrix_.ends[to], words(cell))));
    all += box(x, y, "box");
    if (reach == Reach::All) all += box(x, y, "full");
    // The lower half: to be told from "all" without colours.
    if (reach == Reach::Some)
      all += element(
          "path",
          {{"class", "half"}, {"d", fmt::format("M{} {}v{}h-{}z", margin_ + size_ * (to + 1), y, whole, whole)}}, {});
    if (is_after && (cell.stricter || cell.looser)) {
      all += box(x, y, "changed");
      const std::string_view sign = cell.stricter && cell.looser ? "±" : cell.stricter ? "▼" : "▲";
      const std::string classes = fmt::format("sign {}", cell.looser ? "looser" : "stricter");
      all += element(
          "text",
          {{"class", classes}, {"x", middle(to)}, {"y", fmt::format("{}", margin_ + size_ * from + size_ / 2 + 4)}},
          text(sign));
    }
    return element("g", all);
  }

  [[nodiscard]] Html box(const std::string& x, const std::string& y, std::string_view classes) const {
    const std::string side = fmt::format("{}", size_);
    return element("rect", {{"class", std::string(classes)}, {"x", x}, {"y", y}, {"width", side}, {"height", side}},
                   {});
  }

  const Matrix& matrix_;
  Language language_;
  std::size_t size_, margin_ = 40;
};

Html cells_of(const Matrix& matrix, const Picture& picture) {
  Html head = element("td", {}), rows;
  for (const std::string& name : matrix.ends) head += element("th", {{"scope", "col"}}, text(name));
  for (std::size_t from = 0; from < matrix.ends.size(); ++from) {
    Html cells = element("th", {{"scope", "row"}}, text(matrix.ends[from]));
    for (const Matrix::Cell& cell : matrix.cells[from]) {
      const bool changes = cell.stricter || cell.looser;
      cells += element("td", changes ? Attributes{{"class", "change"}} : Attributes(), text(picture.words(cell)));
    }
    rows += element("tr", cells);
  }
  Html all = element("thead", element("tr", head));
  all += element("tbody", rows);
  return classed("div", "wide cells", element("table", all));
}

}  // namespace

Html matrix_part(const Page& page) {
  const Language language = page.language;
  if (!page.report.matrix) return {};
  const Matrix& matrix = *page.report.matrix;
  const Picture picture(matrix, language);
  std::size_t changed = 0;
  for (const auto& row : matrix.cells)
    for (const Matrix::Cell& cell : row) changed += cell.stricter || cell.looser;
  Html all = classed("p", "muted",
                     text(say("Rows send, columns receive. An empty cell: nothing passes; a half: some packets do; a "
                              "full one: all of TCP, UDP and ICMP. A frame marks what changes: ▼ stricter, ▲ "
                              "looser, ± both.",
                              language)));
  all += element("p", changed == 0 ? text(say("Nothing changes.", language))
                                   : counted_text(changed, "pair of ends changes",
                                                  "pairs of ends change", language));
  Html pictures = picture.picture(false);
  pictures += picture.picture(true);
  all += classed("div", "pictures", pictures);
  if (matrix.left_out > 0)
    all += element(
        "p", counted_text(matrix.left_out, "end is left out: this is as much as a picture can hold",
                          "ends are left out: this is as much as a picture can hold", language));
  Html table = element("summary", text(say("The same as a table", language)));
  table += cells_of(matrix, picture);
  all += classed("details", "more", table);
  return all;
}

}  // namespace policyconv::report::html
