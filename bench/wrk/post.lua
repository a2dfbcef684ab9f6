-- Creates patients, each with an identifier, name, day of birth and phone of its own. Environment: TOKEN, a bearer token. The path is the one given to wrk.
local counter, thread_count = 0, 0
local families = { "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何", "郭", "马", "罗" }
local given = { "秀英", "桂兰", "建国", "玉梅", "志强", "淑芬", "海燕", "文", "勇", "丽", "明", "红霞", "春生", "国庆", "小龙", "雪", "伟", "婷", "德福", "金凤" }
local villages = { "红星", "东风", "柳林", "石桥", "新民", "青山", "双河", "大同" }
function setup(thread) thread:set("number", thread_count); thread_count = thread_count + 1 end
function init(args) stamp = string.format("%d-%d", os.time(), number); math.randomseed(os.time() * 7 + number) end
local function of(list) return list[math.random(#list)] end
function request()
  counter = counter + 1
  local family, called = of(families), of(given)
  local body = string.format('{"resourceType":"Patient","identifier":[{"system":"urn:tongxin:bench","value":"%s-%d"}],"active":true,'
    .. '"name":[{"use":"official","text":"%s%s","family":"%s","given":["%s"]}],"telecom":[{"system":"phone","value":"138%08d"}],'
    .. '"gender":"%s","birthDate":"%d-%02d-%02d","address":[{"text":"%s村%d号","city":"清水县","postalCode":"741400"}]}',
    stamp, counter, family, called, family, called, math.random(0, 99999999), math.random(2) == 1 and "male" or "female",
    math.random(1935, 2024), math.random(12), math.random(28), of(villages), math.random(300))
  return wrk.format("POST", nil, { ["Content-Type"] = "application/fhir+json", ["Authorization"] = "Bearer " .. os.getenv("TOKEN") }, body)
end
function done(summary) io.write(string.format("RESULT %d %d %d\n", summary.requests, summary.duration, summary.errors.status)) end
