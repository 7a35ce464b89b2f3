#pragma once

#include <concepts>
#include <type_traits>

namespace kindred {

/// `Struct`, const or not. A struct of options tells its fields once, by
///   template <maybe_const<my_options> Options, class Field>
///   void for_each_option(Options& o, const Field& field);
/// beside it, which calls `field(name, member)` for each: model files are written and read by that
/// (core/option_files.hpp), and options compared.
template <class T, class Struct>
concept maybe_const = std::same_as<std::remove_const_t<T>, Struct>;

}  // namespace kindred
