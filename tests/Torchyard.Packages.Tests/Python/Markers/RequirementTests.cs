using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Versions;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Tests.Python.Markers;

public sealed class RequirementTests
{
    // Left: as found in METADATA (torch 2.11.0, torchvision 0.26.0, cuda-toolkit 13.0.2) or PEP 508; right: the one spelling.
    [Theory]
    [InlineData("filelock", "filelock")]
    [InlineData("torch (==2.11.0)", "torch==2.11.0")]
    [InlineData("pillow (!=8.3.*,>=5.3.0)", "pillow!=8.3.*,>=5.3.0")]
    [InlineData("gdown (>=4.7.3) ; extra == 'gdown'", "gdown>=4.7.3; extra == \"gdown\"")]
    [InlineData(
        "cuda-toolkit[cublas,Nv_Tx]==13.0.2; platform_system == \"Linux\"",
        "cuda-toolkit[cublas,nv-tx]==13.0.2; platform_system == \"Linux\""
    )]
    [InlineData(
        "nvidia-cublas==13.1.0.3.*; (sys_platform == 'linux' or sys_platform == 'win32') and extra == 'all'",
        "nvidia-cublas==13.1.0.3.*; (sys_platform == \"linux\" or sys_platform == \"win32\") and extra == \"all\""
    )]
    [InlineData("Foo_Bar.baz [a] >=1,<2", "foo-bar-baz[a]>=1,<2")]
    [InlineData(
        "pip @ https://example.org/pip-1.0.whl#sha256=00;x ; os_name=='nt'",
        "pip @ https://example.org/pip-1.0.whl#sha256=00;x ; os_name == \"nt\""
    )]
    [InlineData("pip@file:///srv/pip.whl", "pip @ file:///srv/pip.whl")]
    public void Requirements_of_real_metadata_are_read(string written, string normal)
    {
        Assert.True(Requirement.TryParse(written, out var requirement, out var error), error);
        Assert.Equal(normal, requirement.ToString());
        Assert.Equal(requirement, Requirement.Parse(normal));
    }

    [Theory]
    [InlineData("", "name of a distribution")]
    [InlineData("-e .", "name of a distribution")]
    [InlineData("../torch", "name of a distribution")]
    [InlineData("torch[", "']'")]
    [InlineData("torch[a b]", "extra")]
    [InlineData("torch 2.9", "version specifier")]
    [InlineData("torch==2.9 platform_system == 'Linux'", "version specifier")]
    [InlineData("torch; nonsense", "marker")]
    [InlineData("torch @ ", "URL")]
    [InlineData("torch @ https://example.org/a b", "';'")]
    public void A_wrong_requirement_says_why(string text, string reason)
    {
        var error = Assert.Throws<TorchyardException>(() => Requirement.Parse(text));
        Assert.Equal("TY2803", error.Code);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_requirement_counts_only_where_its_marker_holds()
    {
        var linux = MarkerEnvironment.CPythonOnLinux(PythonVersion.Parse("3.12"));
        var requirement = Requirement.Parse(
            "nvidia-cudla==13.*; (platform_system == \"Linux\" and platform_machine == \"aarch64\") and extra == \"all\""
        );
        Assert.False(requirement.Applies(linux, ["all"]));
        Assert.True(requirement.Applies(linux with { PlatformMachine = "aarch64" }, ["all"]));
        Assert.False(requirement.Applies(linux with { PlatformMachine = "aarch64" }));
    }

    [Theory]
    [InlineData("Foo._-Bar", "foo-bar", true)]
    [InlineData("a", "a", true)]
    [InlineData("_a", "", false)]
    [InlineData("a-", "", false)]
    [InlineData("a/b", "", false)]
    [InlineData("", "", false)]
    public void Names_have_one_normal_form(string written, string normal, bool valid)
    {
        Assert.Equal(valid, ProjectName.TryParse(written, out var name));
        Assert.Equal(normal, name.Normal);
    }
}
