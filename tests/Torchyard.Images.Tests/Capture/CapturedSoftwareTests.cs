using Torchyard.Images.Capture;
using Torchyard.Images.Capture.Request;
using Torchyard.Images.Oci;
using Torchyard.Images.Sbom;
using Torchyard.Images.Tests.Oci.Sbom;
using Torchyard.Platform.Digests;

namespace Torchyard.Images.Tests.Capture;

/// <summary>The bill of materials of captured images.</summary>
public sealed class CapturedSoftwareTests : IDisposable
{
    private const string Wheel = "/opt/env/lib/python3.12/site-packages";
    private readonly FakeMachine _machine = new();

    public CapturedSoftwareTests() =>
        _machine
            .Package("base-files", "Essential: yes", "/etc/issue")
            .Package("python3.12-minimal", "Source: python3.12\nDepends: libc6", "/usr/bin/python3.12", "/usr/lib/python3.12/os.py")
            .Package("libc6", "Source: glibc", "/usr/lib/libc.so.6")
            .Package("unrelated", "", "/usr/bin/unrelated")
            .File("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n")
            .File("/etc/os-release", "PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\nID=debian\nVERSION_CODENAME=trixie\n");

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void A_virtual_environment_lists_its_distributions_and_the_packages_of_its_base()
    {
        VirtualEnvironment("/usr/bin");

        Assert.Equal(
            [
                "app",
                "pkg:deb/debian/base-files@1.0?arch=amd64&distro=debian-13",
                "pkg:deb/debian/libc6@1.0?arch=amd64&distro=debian-13&upstream=glibc%401.0",
                "pkg:deb/debian/python3.12-minimal@1.0?arch=amd64&distro=debian-13&upstream=python3.12%401.0",
                $"pkg:generic/torchyard-supervisor@{SpdxDocument.ToolVersion}",
                "pkg:pypi/torch@2.11.0%2Bcu130",
            ],
            Names("/opt/env")
        );
    }

    [Fact]
    public void An_interpreter_of_no_package_is_listed_too()
    {
        _machine
            .Program("/opt/python/bin/python3.12")
            .Link("/opt/python/bin/python3", "python3.12")
            .File("/opt/python/lib/python3.12/os.py", "");
        VirtualEnvironment("/opt/python/bin");

        var names = Names("/opt/env");

        Assert.Contains("pkg:generic/python@3.12.3", names);
        Assert.DoesNotContain(names, name => name.Contains("python3.12-minimal", StringComparison.Ordinal));
    }

    [Fact]
    public void A_conda_prefix_lists_its_packages_with_build_and_file_and_no_token_of_a_channel()
    {
        _machine
            .Program("/opt/conda/bin/python3.12")
            .Link("/opt/conda/bin/python", "python3.12")
            .File("/opt/conda/lib/python3.12/os.py", "")
            .File(
                "/opt/conda/conda-meta/python-3.12.3-h1.json",
                """
                {"name": "python", "version": "3.12.3", "build": "h1_0_cpython", "subdir": "linux-64", "url": "https://conda.anaconda.org/conda-forge/linux-64/python-3.12.3-h1_0_cpython.conda",
                 "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "files": ["bin/python3.12", "bin/python", "lib/python3.12/os.py"], "depends": []}
                """
            )
            .File(
                "/opt/conda/conda-meta/mkl-2024.0-1.json",
                """
                {"name": "mkl", "version": "2024.0", "url": "https://conda.example.org/t/secret-token/main/linux-64/mkl-2024.0-1.conda", "files": [], "depends": ["python"]}
                """
            );

        var document = SpdxDocument.Write(Software("/opt/conda"), Digest.Of("image"u8));
        var text = System.Text.Encoding.UTF8.GetString(document);

        Assert.Equal(
            ["pkg:conda/mkl@2024.0", "pkg:conda/python@3.12.3?build=h1_0_cpython&subdir=linux-64"],
            SpdxRules.Check(document).Where(name => name.Contains("conda", StringComparison.Ordinal))
        );
        Assert.Contains(
            "\"downloadLocation\":\"https://conda.anaconda.org/conda-forge/linux-64/python-3.12.3-h1_0_cpython.conda\"",
            text,
            StringComparison.Ordinal
        );
        Assert.Contains("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-token", text, StringComparison.Ordinal);
    }

    [Fact]
    public void On_a_base_image_it_lists_the_packages_of_that_image_and_where_it_comes_from()
    {
        using var image = new FakeMachine();
        image
            .Package("python3.12-minimal", "", "/usr/bin/python3.12")
            .Package("imagepackage", "", "/usr/bin/x")
            .File("/etc/os-release", "ID=ubuntu\nVERSION_ID=\"24.04\"\nVERSION_CODENAME=noble\n")
            .File("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n");
        VirtualEnvironment("/usr/bin");
        var stored = new StoredImage
        {
            Manifest = Digest.Of("base"u8),
            Names = [],
            DiffIds = [],
            Layers = [],
            CompressedSize = 0,
            Created = 0,
            Config = new ImageConfig(),
        };

        var content = Software("/opt/env", new CaptureBase(stored, [image.Root]));

        Assert.Equal(Digest.Of("base"u8), content.Base);
        Assert.Equal(
            [
                "app",
                "base image",
                "pkg:deb/ubuntu/imagepackage@1.0?arch=amd64&distro=ubuntu-24.04",
                "pkg:deb/ubuntu/python3.12-minimal@1.0?arch=amd64&distro=ubuntu-24.04",
                $"pkg:generic/torchyard-supervisor@{SpdxDocument.ToolVersion}",
                "pkg:pypi/torch@2.11.0%2Bcu130",
            ],
            SpdxRules.Check(SpdxDocument.Write(content, Digest.Of("image"u8)))
        );
    }

    private void VirtualEnvironment(string home) =>
        _machine
            .File("/opt/env/pyvenv.cfg", $"home = {home}\ninclude-system-site-packages = false\nversion = 3.12.3\n")
            .Link("/opt/env/bin/python3", home + "/python3.12")
            .File($"{Wheel}/torch-2.11.0+cu130.dist-info/METADATA", "Metadata-Version: 2.1\nName: torch\nVersion: 2.11.0+cu130\n")
            .File($"{Wheel}/torch-2.11.0+cu130.dist-info/RECORD", "")
            .File($"{Wheel}/torch/__init__.py", "");

    private IReadOnlyList<string> Names(string directory) => SpdxRules.Check(SpdxDocument.Write(Software(directory), Digest.Of("image"u8)));

    private SpdxContent Software(string directory, CaptureBase? on = null)
    {
        Assert.True(ImageName.TryParse("app", out var name));
        var request = new CaptureRequest
        {
            Directory = directory,
            Name = "app",
            Base = on,
        };
        return CapturedSoftware.Of(
            new CapturePlanner(_machine.Tree, request, TestContext.Current.CancellationToken).Plan(),
            name,
            Digest.Of("supervisor"u8)
        );
    }
}
