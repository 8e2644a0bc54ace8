-- Batches of 50 AuthZEN evaluations. Environment as in evaluation.lua.
local account, key = os.getenv("BENCH_ACCOUNT"), os.getenv("BENCH_KEY")
local requests = {}

function init(args)
  math.randomseed(os.time())
  local lines = {}
  for line in io.lines(os.getenv("BENCH_IDS")) do lines[#lines + 1] = line end
  local headers = { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. key }
  for i = 1, 1000 do
    local items = {}
    for j = 1, 50 do
      local member, cluster = lines[math.random(#lines)]:match("(%S+) (%S+)")
      items[j] = string.format('{"subject":{"type":"user","id":"%s"},"resource":{"type":"cluster","id":"%s"}}', member, cluster)
    end
    local body = '{"action":{"name":"read:clusters"},"evaluations":[' .. table.concat(items, ",") .. "]}"
    requests[i] = wrk.format("POST", "/accounts/" .. account .. "/access/v1/evaluations", headers, body)
  end
end

local next_request = 0
function request()
  next_request = next_request % #requests + 1
  return requests[next_request]
end
