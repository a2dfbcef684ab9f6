-- id: maternal-early-booking
-- title: 早孕建册率
-- english: Pregnancies booked before 13 weeks
-- norm: 国家基本公共卫生服务规范（第三版）孕产妇健康管理 工作指标
-- edition: "2017"
-- target: 0.90
-- sensitivity: FamilyPlanning
-- denominator: 年内分娩的产妇（规范分母为活产数；多胎按产妇计一次）
-- numerator: 在孕 13 周之前建册并做第一次产前检查的产妇
-- reasons:
--   early: 孕 13 周之前建册
--   late: 孕 13 周及以后建册
--   none: 没有建册记录
WITH delivered AS (
    SELECT a.person, max(a.date) AS date FROM assessment a
    WHERE a.programme = 'maternal' AND a.class = 'delivered' AND a.date BETWEEN year_start() AND as_of() GROUP BY a.person
),
kept AS (
    SELECT f.person, arg_max(f.truth, f.date) AS truth, arg_max(f.id, f.date) AS id FROM fact f JOIN delivered d ON d.person = f.person
    WHERE f.programme = 'maternal' AND f.name = 'early-booking' AND f.date BETWEEN d.date - 300 AND d.date GROUP BY f.person
)
SELECT d.person, p.organisation, true AS denominator, false AS excluded, coalesce(k.truth, false) AS numerator,
    CASE WHEN k.truth IS NULL THEN 'none' WHEN k.truth THEN 'early' ELSE 'late' END AS reason, 'Observation/' || k.id AS evidence
FROM delivered d JOIN patient p ON p.person = d.person LEFT JOIN kept k ON k.person = d.person
