-- Creates patients, each with an identifier of its own. Environment: TOKEN, a bearer token. The path is the one given to wrk.
local counter, thread_count = 0, 0
function setup(thread) thread:set("number", thread_count); thread_count = thread_count + 1 end
function init(args) stamp = string.format("%d-%d", os.time(), number) end
function request()
  counter = counter + 1
  local body = string.format('{"resourceType":"Patient","identifier":[{"system":"urn:tongxin:bench","value":"%s-%d"}],"active":true,'
    .. '"name":[{"use":"official","text":"张三","family":"张","given":["三"]}],"telecom":[{"system":"phone","value":"1380000%04d"}],'
    .. '"gender":"male","birthDate":"1962-03-0%d","address":[{"text":"红星村12号","city":"清水县","postalCode":"741400"}]}',
    stamp, counter, counter % 10000, counter % 9 + 1)
  return wrk.format("POST", nil, { ["Content-Type"] = "application/fhir+json", ["Authorization"] = "Bearer " .. os.getenv("TOKEN") }, body)
end
function done(summary) io.write(string.format("RESULT %d %d %d\n", summary.requests, summary.duration, summary.errors.status)) end
