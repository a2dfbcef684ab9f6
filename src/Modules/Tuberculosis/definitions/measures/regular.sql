-- id: tb-regular
-- title: 肺结核患者规则服药率
-- english: Tuberculosis treated regularly
-- norm: 国家基本公共卫生服务规范（第三版）肺结核患者健康管理 工作指标
-- edition: "2017"
-- target: 0.90
-- denominator: 年内停止治疗并结案的患者
-- numerator: 整个疗程实际服药次数占应服药次数 90% 以上的患者
-- reasons:
--   regular: 实服占应服 90% 以上
--   irregular: 实服不足应服的 90%
--   unknown: 结案时没有填写服药次数
WITH closed AS (
    SELECT a.person, arg_max(a.id, a.date) AS id FROM assessment a
    WHERE a.programme = 'tuberculosis' AND a.class = '9' AND a.date BETWEEN year_start() AND as_of() GROUP BY a.person
),
taken AS (
    SELECT f.person, f.id, f.truth FROM fact f JOIN closed c ON c.id = f.id WHERE f.name = 'regular'
)
SELECT c.person, p.organisation, true AS denominator, false AS excluded, coalesce(t.truth, false) AS numerator,
    CASE WHEN t.truth IS NULL THEN 'unknown' WHEN t.truth THEN 'regular' ELSE 'irregular' END AS reason, 'Observation/' || c.id AS evidence
FROM closed c JOIN patient p ON p.person = c.person LEFT JOIN taken t ON t.id = c.id
