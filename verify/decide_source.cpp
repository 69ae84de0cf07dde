#include "verify/decide_source.h"
