-- Single AuthZEN evaluations by random members at the cluster of their grant. Environment: BENCH_ACCOUNT, BENCH_KEY, BENCH_IDS.
local account, key = os.getenv("BENCH_ACCOUNT"), os.getenv("BENCH_KEY")
local requests = {}

function init(args)
  math.randomseed(os.time())
  local lines = {}
  for line in io.lines(os.getenv("BENCH_IDS")) do lines[#lines + 1] = line end
  local headers = { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. key }
  for i = 1, 20000 do
    local member, cluster = lines[math.random(#lines)]:match("(%S+) (%S+)")
    local body = string.format('{"subject":{"type":"user","id":"%s"},"action":{"name":"read:clusters"},"resource":{"type":"cluster","id":"%s"}}', member, cluster)
    requests[i] = wrk.format("POST", "/accounts/" .. account .. "/access/v1/evaluation", headers, body)
  end
end

local next_request = 0
function request()
  next_request = next_request % #requests + 1
  return requests[next_request]
end
