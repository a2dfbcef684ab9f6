-- id: detector-terminal-digit
-- title: 血压末位数偏好
-- english: Terminal-digit preference
-- norm: 基本公共卫生服务项目绩效评价：真实性核查（省级常用口径，可调整）
-- edition: "2026"
-- kind: detector
-- direction: lower
-- denominator: 近 12 个月有血压读数、且所在机构读数不少于 50 次的居民
-- numerator: 所在机构收缩压末位数的分布与均匀分布相差过大（卡方，自由度 9，超过 27.9 即千分之一；且某一位占 30% 以上）
-- reasons:
--   found: 机构末位数集中在少数几个数
--   clear: 没有发现
WITH reading AS (
    SELECT o.person, coalesce(e.organisation, p.organisation) AS organisation, o.id, o.date, o.systolic, o.diastolic, o.encounter FROM main.observation o JOIN main.patient p ON p.person = o.person LEFT JOIN main.encounter e ON e.id = o.encounter
    WHERE o.systolic IS NOT NULL AND o.diastolic IS NOT NULL AND o.date BETWEEN as_of() - 365 AND as_of()
),
digit AS (SELECT organisation, systolic::INTEGER % 10 AS digit, count(*) AS times FROM reading GROUP BY ALL),
house AS (SELECT organisation, sum(times) AS readings, sum(times * times) * 10.0 / sum(times) - sum(times) AS seen, max(times) * 1.0 / sum(times) AS most FROM digit GROUP BY organisation),
-- Digits that never occur add nothing to the sum of squares, so the formula holds without them.
latest AS (SELECT person, arg_max(organisation, date) AS organisation, arg_max(id, date) AS id FROM reading GROUP BY person)
SELECT p.person, p.organisation, true AS denominator, false AS excluded, h.seen > 27.9 AND h.most >= 0.3 AS numerator,
    CASE WHEN h.seen > 27.9 AND h.most >= 0.3 THEN 'found' ELSE 'clear' END AS reason, 'Observation/' || l.id AS evidence
FROM patient p JOIN latest l ON l.person = p.person JOIN house h ON h.organisation = l.organisation AND h.readings >= 50
