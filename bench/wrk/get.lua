-- Asks for the paths of a file in turn, one path in each line. Argument after --: the file.
local thread_count = 0
function setup(thread) thread:set("number", thread_count); thread_count = thread_count + 1 end
function init(args)
  paths = {}
  for line in io.lines(args[1]) do paths[#paths + 1] = line end
  at = number * 7919
end
function request()
  at = at + 1
  return wrk.format("GET", paths[at % #paths + 1])
end
function done(summary) io.write(string.format("RESULT %d %d %d\n", summary.requests, summary.duration, summary.errors.status)) end
