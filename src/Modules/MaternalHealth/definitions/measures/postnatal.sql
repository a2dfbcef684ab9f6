-- id: maternal-postnatal
-- title: 产后访视率
-- english: Postnatal visits
-- norm: 国家基本公共卫生服务规范（第三版）孕产妇健康管理 工作指标
-- edition: "2017"
-- target: 0.90
-- sensitivity: FamilyPlanning
-- denominator: 年内分娩的产妇（规范分母为活产数；多胎按产妇计一次）
-- numerator: 产后 28 天内接受过产后访视的产妇
-- reasons:
--   visited: 产后 28 天内已访视
--   none: 产后 28 天内没有访视
WITH delivered AS (
    SELECT a.person, max(a.date) AS date FROM assessment a
    WHERE a.programme = 'maternal' AND a.class = 'delivered' AND a.date BETWEEN year_start() AND as_of() GROUP BY a.person
),
kept AS (
    SELECT v.person, bool_or(true) AS truth, arg_min(v.id, coalesce(v.date, v.authored_on)) AS id FROM visit v JOIN delivered d ON d.person = v.person
    WHERE contains(v.form, 'maternal-postnatal') AND coalesce(v.date, v.authored_on) BETWEEN d.date AND least(d.date + 28, as_of()) GROUP BY v.person
)
SELECT d.person, p.organisation, true AS denominator, false AS excluded, coalesce(k.truth, false) AS numerator,
    CASE WHEN k.truth THEN 'visited' ELSE 'none' END AS reason, 'QuestionnaireResponse/' || k.id AS evidence
FROM delivered d JOIN patient p ON p.person = d.person LEFT JOIN kept k ON k.person = d.person
