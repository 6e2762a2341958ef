-- Asks for the paths in the file that is named after `--`, in random order, and prints one line of JSON at the end.

local requests = {}

function init(arguments)
  math.randomseed(os.time())
  for path in io.lines(arguments[1]) do
    requests[#requests + 1] = wrk.format("GET", path)
  end
end

function request()
  return requests[math.random(#requests)]
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format(
    '{"requests":%d,"bytes":%d,"us":%d,"failed":%d,"p99_us":%d}\n',
    summary.requests, summary.bytes, summary.duration, failed, latency:percentile(99)))
end
