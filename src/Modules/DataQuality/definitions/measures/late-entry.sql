-- id: detector-late-entry
-- title: 集中补录
-- english: Late bulk entry
-- norm: 基本公共卫生服务项目绩效评价：真实性核查（省级常用口径，可调整）
-- edition: "2026"
-- kind: detector
-- direction: lower
-- denominator: 近 12 个月有随访表的居民
-- numerator: 其随访表在随访日 30 天以后才写成，且同一机构同一天补录 20 份以上
-- reasons:
--   found: 30 天后集中补录
--   clear: 没有发现
WITH form AS (
    SELECT v.person, p.organisation, v.id, v.date, v.authored_on, date_diff('day', v.date, v.authored_on) AS late FROM main.visit v JOIN main.patient p ON p.person = v.person
    WHERE v.date BETWEEN as_of() - 365 AND as_of() AND v.authored_on <= as_of()
),
day AS (SELECT organisation, authored_on, count(*) AS forms FROM form WHERE late > 30 GROUP BY ALL),
person AS (
    SELECT f.person, bool_or(coalesce(f.late > 30 AND d.forms >= 20, false)) AS found, arg_max(f.id, coalesce(f.late > 30 AND d.forms >= 20, false)) AS id
    FROM form f LEFT JOIN day d ON d.organisation = f.organisation AND d.authored_on = f.authored_on GROUP BY f.person
)
SELECT p.person, p.organisation, true AS denominator, false AS excluded, s.found AS numerator,
    CASE WHEN s.found THEN 'found' ELSE 'clear' END AS reason, 'QuestionnaireResponse/' || s.id AS evidence
FROM patient p JOIN person s ON s.person = p.person
