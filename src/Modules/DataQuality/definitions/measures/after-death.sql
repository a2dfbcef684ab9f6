-- id: detector-after-death
-- title: 死亡后仍有服务
-- english: Services to the dead
-- norm: 基本公共卫生服务项目绩效评价：真实性核查（省级常用口径，可调整）
-- edition: "2026"
-- kind: detector
-- direction: lower
-- denominator: 已登记死亡日期的居民
-- numerator: 死亡日期之后仍有随访、就诊或测量记录
-- reasons:
--   found: 死亡之后仍有记录
--   clear: 没有发现
WITH served AS (
    SELECT person, coalesce(date, authored_on) AS date, 'QuestionnaireResponse/' || id AS reference FROM visit
    UNION ALL SELECT person, start_on, 'Encounter/' || id FROM encounter
    UNION ALL SELECT person, date, 'Observation/' || id FROM observation
),
late AS (
    SELECT s.person, arg_min(s.reference, s.date) AS reference FROM served s JOIN patient p ON p.person = s.person
    WHERE p.deceased_on <= as_of() AND s.date > p.deceased_on AND s.date <= as_of() GROUP BY s.person
)
SELECT p.person, p.organisation, true AS denominator, false AS excluded, l.reference IS NOT NULL AS numerator,
    CASE WHEN l.reference IS NULL THEN 'clear' ELSE 'found' END AS reason, l.reference AS evidence
FROM patient p LEFT JOIN late l ON l.person = p.person
WHERE p.deceased_on <= as_of()
