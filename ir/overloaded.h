// One visitor made of a function for each alternative of a variant.
#pragma once

namespace policyconv {

template <typename... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <typename... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

}  // namespace policyconv
