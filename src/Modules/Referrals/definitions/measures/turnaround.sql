-- id: referral-turnaround
-- title: 转诊 14 天办结率
-- english: Referrals closed within 14 days
-- norm: 双向转诊管理办法（县级口径：发出至办结不超过 14 天，可调整）
-- edition: "2026"
-- target: 0.80
-- denominator: 年内发出转诊的居民（一人多次转诊的，取最近一次）
-- exclusion: 发出不满 14 天且尚未办结者
-- numerator: 发出后 14 天内办结（回转并首次随访，或就地办结）
-- reasons:
--   in-time: 14 天内办结
--   late: 办结，但超过 14 天
--   open: 超过 14 天仍未办结
--   waiting: 发出不满 14 天，尚在办理
WITH referral AS (
    SELECT t.person, arg_max(t.id, t.authored_on) AS id, arg_max(t.state, t.authored_on) AS state, max(t.authored_on) AS sent_on,
        arg_max(t.modified_on, t.authored_on) AS moved_on
    FROM task t
    WHERE t.state IS NOT NULL AND t.state NOT IN ('draft', 'cancelled') AND t.authored_on BETWEEN year_start() AND as_of() GROUP BY t.person
)
SELECT r.person, p.organisation, true AS denominator, r.state <> 'closed' AND date_diff('day', r.sent_on, as_of()) <= 14 AS excluded,
    r.state = 'closed' AND date_diff('day', r.sent_on, r.moved_on) <= 14 AS numerator,
    CASE WHEN r.state = 'closed' AND date_diff('day', r.sent_on, r.moved_on) <= 14 THEN 'in-time' WHEN r.state = 'closed' THEN 'late'
        WHEN date_diff('day', r.sent_on, as_of()) <= 14 THEN 'waiting' ELSE 'open' END AS reason,
    'Task/' || r.id AS evidence
FROM referral r JOIN patient p ON p.person = r.person
