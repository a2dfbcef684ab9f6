Console.WriteLine("tongxin");
