#!/usr/bin/env node
// a file that is there before the first build, so that installing can link the command
import '../dist/bin.js'
