-- id: detector-identical
-- title: 血压读数雷同
-- english: Identical readings
-- norm: 基本公共卫生服务项目绩效评价：真实性核查（省级常用口径，可调整）
-- edition: "2026"
-- kind: detector
-- direction: lower
-- denominator: 近 12 个月至少测过 3 次血压的居民
-- numerator: 其血压最近 3 次完全相同，且所在机构有 30% 以上的居民也这样（机构层面才可疑：一个人偶然相同不算）
-- reasons:
--   found: 读数连续雷同，机构整体如此
--   clear: 没有发现
WITH reading AS (
    SELECT o.person, coalesce(e.organisation, p.organisation) AS organisation, o.id, o.date, o.systolic, o.diastolic, o.encounter FROM main.observation o JOIN main.patient p ON p.person = o.person LEFT JOIN main.encounter e ON e.id = o.encounter
    WHERE o.systolic IS NOT NULL AND o.diastolic IS NOT NULL AND o.date BETWEEN as_of() - 365 AND as_of()
),
ranked AS (SELECT *, row_number() OVER (PARTITION BY person ORDER BY date DESC, id) AS place FROM reading),
person AS (
    SELECT person, any_value(organisation) AS organisation, count(DISTINCT systolic || '/' || diastolic) = 1 AS same, arg_max(id, date) AS id
    FROM ranked WHERE place <= 3 GROUP BY person HAVING count(*) = 3
),
house AS (SELECT organisation, avg(same::INTEGER) AS share FROM person GROUP BY organisation)
SELECT p.person, p.organisation, true AS denominator, false AS excluded, s.same AND h.share >= 0.3 AS numerator,
    CASE WHEN s.same AND h.share >= 0.3 THEN 'found' ELSE 'clear' END AS reason, 'Observation/' || s.id AS evidence
FROM patient p JOIN person s ON s.person = p.person JOIN house h ON h.organisation = s.organisation
