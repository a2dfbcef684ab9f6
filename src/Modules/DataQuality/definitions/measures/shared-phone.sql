-- id: detector-shared-phone
-- title: 一号多户
-- english: One phone for many
-- norm: 基本公共卫生服务项目绩效评价：真实性核查（省级常用口径，可调整）
-- edition: "2026"
-- kind: detector
-- direction: lower
-- denominator: 登记了电话的居民
-- numerator: 同一电话登记在 6 人以上名下（同户通常不超过 5 人）
-- reasons:
--   found: 同一电话 6 人以上
--   clear: 没有发现
WITH phone AS (SELECT phone, count(*) AS people FROM main.patient WHERE phone IS NOT NULL AND active GROUP BY phone)
SELECT p.person, p.organisation, true AS denominator, coalesce(p.deceased AND coalesce(p.deceased_on, as_of()) <= as_of(), false) AS excluded, f.people > 5 AS numerator,
    CASE WHEN f.people > 5 THEN 'found' ELSE 'clear' END AS reason, 'Patient/' || p.id AS evidence
FROM patient p JOIN phone f ON f.phone = p.phone
WHERE p.active
