#include "assess/dump.h"
