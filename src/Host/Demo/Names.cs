namespace Tongxin.Host.Demo;

/// <summary>Names as they are: few surnames for most people, and given names that tell the decade of birth.</summary>
internal static class Names
{
    // Shares of the commonest surnames, per mille, rounded; the tail stands for the rest.
    private static readonly (string Item, double Weight)[] Surnames =
    [
        ("王", 72), ("李", 71), ("张", 68), ("刘", 52), ("陈", 48), ("杨", 31), ("黄", 23), ("赵", 22), ("吴", 21), ("周", 20), ("徐", 17), ("孙", 15), ("马", 13),
        ("朱", 13), ("胡", 12), ("郭", 12), ("何", 12), ("林", 12), ("高", 11), ("罗", 10), ("郑", 10), ("梁", 9), ("谢", 8), ("宋", 8), ("唐", 7), ("许", 7),
        ("韩", 7), ("邓", 6), ("冯", 6), ("曹", 6), ("彭", 6), ("曾", 6), ("肖", 6), ("田", 5), ("董", 5), ("潘", 5), ("袁", 5), ("蔡", 5), ("蒋", 5), ("余", 5),
        ("于", 5), ("杜", 5), ("叶", 4), ("程", 4), ("魏", 4), ("苏", 4), ("吕", 4), ("丁", 4), ("任", 4), ("卢", 4), ("姚", 3), ("钟", 3), ("姜", 3), ("谭", 3),
        ("陆", 3), ("范", 3), ("方", 3), ("石", 3), ("廖", 3), ("邹", 2), ("熊", 2), ("金", 2), ("孟", 2), ("秦", 2), ("白", 2), ("江", 2), ("尹", 2), ("薛", 2),
        ("单", 1), ("仇", 1), ("欧阳", 1), ("邱", 2), ("侯", 2), ("龙", 1), ("史", 1), ("陶", 1), ("黎", 1), ("贺", 1), ("顾", 1), ("毛", 1), ("郝", 1), ("龚", 1),
    ];

    // (first year, men, women): characters that were given in these years more than in others.
    private static readonly (int From, string Men, string Women)[] Decades =
    [
        (1900, "德福贵财根生金水发寿清荣广长祥厚", "秀英桂兰珍玉香莲凤娥翠菊素贞梅花"),
        (1945, "建国军民志明华新卫东胜利学文永强", "玉兰芳桂英秀珍红梅丽华淑琴美凤霞"),
        (1965, "建军伟勇强军波涛斌刚磊平辉峰宏志", "丽娟艳敏静红霞燕玲芳萍英华娜琴莉"),
        (1980, "伟磊鹏超杰涛飞浩凯俊宇鑫亮斌龙帅", "静婷丹丽娜倩雪莹敏洁颖慧琳佳燕玲"),
        (1995, "浩宇轩子豪俊杰天翔嘉泽睿博文昊晨", "雨欣梦婷思佳怡诗涵雪妍悦晴琪瑶萱"),
        (2010, "子轩浩然宇辰沐宸奕泽梓睿铭一诺亦", "梓涵一诺欣怡雨桐诗涵可馨语汐沐瑶安"),
    ];

    public static string Surname(Chance chance) => chance.Pick(Surnames);

    public static string Given(Chance chance, bool isMale, int birthYear)
    {
        var decade = Decades.Last(d => d.From <= birthYear);
        var characters = isMale ? decade.Men : decade.Women;
        var first = characters[chance.Between(0, characters.Length - 1)];
        return chance.Happens(birthYear < 1965 ? 0.25 : birthYear < 1995 ? 0.35 : 0.1) ? $"{first}" : $"{first}{characters[chance.Between(0, characters.Length - 1)]}";
    }
}
