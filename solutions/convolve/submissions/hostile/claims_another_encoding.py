# -*- coding: rot13 -*-
qrs znxr_mroen(u, j): erghea 1
