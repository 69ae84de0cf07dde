// Writes what packages hold beside the program. `documents DIR`: man pages and completions; `sbom`: an SPDX document of the
// facts on standard input. Not part of what is installed.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "packaging/completion.h"
#include "packaging/help_page.h"
#include "packaging/man.h"
#include "packaging/sbom.h"

namespace {

namespace fs = std::filesystem;
using namespace policyconv::packaging;

void write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (!out) throw std::runtime_error("cannot write " + path.string());
}

void write_documents(const fs::path& directory) {
  const std::vector<HelpPage> pages = all_pages();
  const fs::path share = directory / "share";
  for (const HelpPage& page : pages)
    write(share / "man/man1" / (man_name(page) + ".1"), man_page(page, pages, POLICYCONV_VERSION));
  fs::create_symlink("policyconv.1", share / "man/man1/kubectl-policyconv.1");
  const std::vector<Command> commands = commands_of(pages);
  write(share / "bash-completion/completions/policyconv", bash_completion(commands));
  write(share / "zsh/vendor-completions/_policyconv", zsh_completion(commands));
  write(share / "fish/vendor_completions.d/policyconv.fish", fish_completion(commands));
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> args(argv + 1, argv + argc);
  try {
    if (args.size() == 2 && args[0] == "documents")
      write_documents(args[1]);
    else if (args.size() == 1 && args[0] == "sbom")
      std::cout << spdx(read_parts(std::cin));
    else
      throw std::runtime_error("usage: packaging_tool documents DIR | sbom < FACTS");
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "packaging_tool: " << error.what() << '\n';
    return 1;
  }
}
