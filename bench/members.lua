-- Updates of random members, each a durable commit. Environment as in evaluation.lua.
local account, key = os.getenv("BENCH_ACCOUNT"), os.getenv("BENCH_KEY")
local lines = {}
local headers = { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. key }
local round = 0
local threads = 0

-- Each thread has a number of its own, so that no two ask for the same external id.
function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  math.randomseed(os.time() + number)
  for line in io.lines(os.getenv("BENCH_IDS")) do lines[#lines + 1] = line:match("(%S+)") end
end

function request()
  round = round + 1
  local body = string.format('{"external_id":"x-%d-%d-%d"}', number, round, math.random(1000000000))
  return wrk.format("PATCH", "/api/v1/accounts/" .. account .. "/members/" .. lines[math.random(#lines)], headers, body)
end
