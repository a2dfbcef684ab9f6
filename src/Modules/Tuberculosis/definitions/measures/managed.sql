-- id: tb-managed
-- title: 肺结核患者管理率
-- english: Tuberculosis managed
-- norm: 国家基本公共卫生服务规范（第三版）肺结核患者健康管理 工作指标
-- edition: "2017"
-- target: 0.90
-- denominator: 年内经定点医疗机构确诊并通知基层管理的患者（以接到通知纳入为准）
-- numerator: 已做第一次入户随访的患者
-- reasons:
--   in-time: 72 小时内第一次入户随访
--   late: 第一次入户随访超过 72 小时
--   none: 还没有入户随访
WITH notified AS (
    SELECT e.person, any_value(e.organisation) AS organisation, min(e.start_on) AS start_on FROM episode e
    WHERE e.programme = 'tuberculosis' AND e.start_on BETWEEN year_start() AND as_of() GROUP BY e.person
),
first AS (
    SELECT v.person, min(coalesce(v.date, v.authored_on)) AS date, arg_min(v.id, coalesce(v.date, v.authored_on)) AS id FROM visit v JOIN notified n ON n.person = v.person
    WHERE contains(v.form, 'tb-first-visit') AND coalesce(v.date, v.authored_on) BETWEEN n.start_on AND as_of() GROUP BY v.person
)
SELECT n.person, coalesce(p.organisation, n.organisation) AS organisation, true AS denominator, false AS excluded, f.id IS NOT NULL AS numerator,
    CASE WHEN f.id IS NULL THEN 'none' WHEN date_diff('day', n.start_on, f.date) <= 3 THEN 'in-time' ELSE 'late' END AS reason,
    'QuestionnaireResponse/' || f.id AS evidence
FROM notified n JOIN patient p ON p.person = n.person LEFT JOIN first f ON f.person = n.person
