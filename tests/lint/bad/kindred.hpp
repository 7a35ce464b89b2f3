#pragma once

#include <kindred/attic/lost.hpp>
#include <kindred/core/low.hpp>
#include <kindred/core/near.hpp>
