using Torchyard.Images.Debian.Configure;

namespace Torchyard.Images.Tests.Configure;

public class PythonModulesTests
{
    [Theory]
    [InlineData("usr/lib/python3/dist-packages/sympy/core/add.py", true)]
    [InlineData("usr/lib/python3/dist-packages/torch/testing/_comparison.py", true)]
    [InlineData("usr/lib/python3/dist-packages/django/test/client.py", true)]
    [InlineData("usr/lib/python3/dist-packages/tests.py", true)]
    [InlineData("usr/lib/python3/dist-packages/sympy/core/tests/test_add.py", false)]
    [InlineData("usr/lib/python3/dist-packages/numpy/tests/data/deep/module.py", false)]
    [InlineData("usr/lib/python3/dist-packages/sympy/core/add.pyi", false)]
    public void Modules_but_not_tests_have_bytecode(string path, bool expected) => Assert.Equal(expected, PythonModules.HasBytecode(path));
}
