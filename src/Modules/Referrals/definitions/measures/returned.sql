-- id: referral-returned
-- title: 上转患者回转率
-- english: Referred patients returned
-- norm: 双向转诊管理办法；紧密型县域医共体监测指标（牵头医院下转患者占比）
-- edition: "2026"
-- target: 0.70
-- denominator: 年内转诊已到上级接诊的居民（一人多次的，取最近一次）
-- numerator: 带着方案回转到基层（已回转或已办结）的居民
-- reasons:
--   returned: 已带方案回转基层
--   answered: 上级已答复，尚未回转
--   seen: 上级已接诊，尚未答复
WITH referral AS (
    SELECT t.person, arg_max(t.id, t.authored_on) AS id, arg_max(t.state, t.authored_on) AS state, max(t.authored_on) AS sent_on,
        arg_max(t.modified_on, t.authored_on) AS moved_on
    FROM task t
    WHERE t.state IS NOT NULL AND t.state NOT IN ('draft', 'cancelled') AND t.authored_on BETWEEN year_start() AND as_of() GROUP BY t.person
)
SELECT r.person, p.organisation, r.state IN ('seen', 'answered', 'returned', 'closed') AS denominator, false AS excluded,
    r.state IN ('returned', 'closed') AS numerator,
    CASE WHEN r.state IN ('returned', 'closed') THEN 'returned' ELSE r.state END AS reason, 'Task/' || r.id AS evidence
FROM referral r JOIN patient p ON p.person = r.person
