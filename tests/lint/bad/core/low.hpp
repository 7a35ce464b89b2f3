#pragma once

#include <kindred/core/gone.hpp>
#include <kindred/kindred.hpp>
#include <kindred/model/high.hpp>
#include <kindred/source/opt_in.hpp>
#include "near.hpp"
