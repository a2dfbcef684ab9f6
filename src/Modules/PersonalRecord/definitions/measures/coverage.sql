-- id: record-coverage
-- title: 电子健康档案建档率
-- english: Health records established
-- norm: 国家基本公共卫生服务规范（第三版）居民健康档案管理 工作指标
-- edition: "2017"
-- target: 0.90
-- denominator: 平台中的在管居民（规范分母为辖区常住居民数，官方常住人口数由卫健局录入后另行对照，此处不以估计数代替人）
-- exclusion: 死亡者
-- numerator: 有健康档案编码、姓名、性别和出生日期的居民（封面与个人基本信息表的必备项）
-- reasons:
--   established: 档案已建立，必备项齐全
--   no-number: 没有 17 位健康档案编码
--   incomplete: 缺出生日期或性别
SELECT p.person, p.organisation, p.active AS denominator, coalesce(p.deceased AND coalesce(p.deceased_on, as_of()) <= as_of(), false) AS excluded,
    coalesce(length(p.record_number) = 17 AND p.birth_date IS NOT NULL AND p.sex IN ('male', 'female'), false) AS numerator,
    CASE WHEN coalesce(length(p.record_number), 0) <> 17 THEN 'no-number' WHEN p.birth_date IS NULL OR coalesce(p.sex, '') NOT IN ('male', 'female') THEN 'incomplete'
        ELSE 'established' END AS reason,
    'Patient/' || p.id AS evidence
FROM patient p
