using Torchyard.Packages.Python.Requirements;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Settings;
using Torchyard.Testing.Python;

namespace Torchyard.Packages.Tests.Python.Requirements;

public sealed class RequirementFileReaderTests
{
    private static readonly string Hash = new('a', 64);

    [Fact]
    public void Everything_that_pip_reads_is_read()
    {
        using var directory = new TemporaryDirectory();
        new TestWheel("local", "1").WriteTo(Path.Combine(directory.Path, "sub", "wheels"));
        directory.Write(
            "requirements.txt",
            $"""
            # a comment
            numpy>=1.2,<2  # trailing
            --index-url https://index/simple
            --extra-index-url=https://extra/simple
            -r sub/more.txt
            -c constraints.txt
            torch\
            ==2.9.0
            demo[x,y] @ https://host/demo-1-py3-none-any.whl#sha256={Hash} ; python_version >= "3.8"
            """
        );
        directory.Write("sub/more.txt", "./wheels/local-1-py3-none-any.whl\n-f wheels\n--pre\n");
        directory.Write("constraints.txt", "filelock==3.1\n");

        var set = RecipeRequirements.Read(new PythonSettings { Requirements = ["requirements.txt"] }, directory.Path, _ => null);

        Assert.Equal(["numpy", null, "torch", "demo"], set.Requirements.Select(r => r.Requirement?.Name.Normal));
        Assert.Equal("torch==2.9.0", set.Requirements[2].Requirement!.ToString());
        Assert.False(set.IsPinned);
        Assert.EndsWith("sub/wheels/local-1-py3-none-any.whl", set.Requirements[1].LocalWheel, StringComparison.Ordinal);
        Assert.Equal(new SourceLocation("sub/more.txt", 1, 1), set.Requirements[1].Place);
        Assert.Equal("host", set.Requirements[3].Url!.Host);
        Assert.Equal(["https://index/simple"], set.Indexes);
        Assert.Equal(["https://extra/simple"], set.ExtraIndexes);
        Assert.Equal("filelock", Assert.Single(set.Constraints).Requirement!.Name.Normal);
        Assert.Equal(Path.Combine(directory.Path, "sub", "wheels"), Assert.Single(set.FindLinks));
        Assert.True(set.PreReleases);
    }

    [Fact]
    public void A_circle_is_told_where_it_closes_and_a_file_included_twice_is_none()
    {
        using var directory = new TemporaryDirectory();
        directory.Write("requirements.txt", "a\n-r sub/more.txt\n-r sub/more.txt\n");
        directory.Write("sub/more.txt", "b\n");
        Assert.Equal(["a", "b", "b"], Read().Requirements.Select(r => r.Requirement!.Name.Normal));
        directory.Write("sub/more.txt", "b\n\n-r ../requirements.txt\n");
        var error = Assert.Throws<TorchyardException>(Read);
        Assert.Equal(new SourceLocation("sub/more.txt", 3, 4), error.Location);

        RequirementSet Read() =>
            RecipeRequirements.Read(new PythonSettings { Requirements = ["requirements.txt"] }, directory.Path, _ => null);
    }

    [Theory]
    [InlineData(new byte[] { (byte)'a', 0xE9, (byte)'\n' }, "UTF-8")]
    [InlineData(new byte[] { (byte)'a', 0, (byte)'\n', 0 }, "UTF-16")]
    public void A_file_of_another_encoding_is_told_as_such(byte[] content, string named)
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllBytes(Path.Combine(directory.Path, "requirements.txt"), content);
        var error = Assert.Throws<TorchyardException>(() =>
            RecipeRequirements.Read(new PythonSettings { Requirements = ["requirements.txt"] }, directory.Path, _ => null)
        );
        Assert.Equal("TY2512", error.Code);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.Contains("iconv", error.Cure, StringComparison.Ordinal);
    }

    [Fact]
    public void Utf_16_with_a_byte_order_mark_is_read_as_pip_reads_it()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(Path.Combine(directory.Path, "requirements.txt"), "numpy\n", System.Text.Encoding.Unicode);
        var set = RecipeRequirements.Read(new PythonSettings { Requirements = ["requirements.txt"] }, directory.Path, _ => null);
        Assert.Equal("numpy", Assert.Single(set.Requirements).Requirement!.Name.Normal);
    }

    [Theory]
    [InlineData("torch==\n", 1, "TY2512")]
    [InlineData("\n\nhg+https://host/x\n", 3, "TY2514")]
    [InlineData("x @ git+ext::sh\n", 1, "TY2514")]
    [InlineData("a\n-e .\n", 2, "TY2530")]
    [InlineData("./src\n", 1, "TY2512")]
    [InlineData("./gone-1-py3-none-any.whl\n", 1, "TY2512")]
    [InlineData("./gone-1.tar.gz\n", 1, "TY2512")]
    [InlineData("https://host/x-1.tar.bz2\n", 1, "TY2530")]
    [InlineData("https://host/archive/main\n", 1, "TY2530")]
    [InlineData("a==1 --hash=md5:00\n", 1, "TY2512")]
    [InlineData("a==1 --hash=sha256:00\n", 1, "TY2512")]
    [InlineData("--no-binary\n", 1, "TY2512")]
    [InlineData("-r requirements.txt\n", 1, "TY2512")]
    [InlineData("a\n-r gone.txt\n", 2, "TY2512")]
    [InlineData("a\n-c .\n", 2, "TY2512")]
    [InlineData("a\n\n${NOPE}==1\n", 3, "TY1042")]
    [InlineData("/etc/passwd\n", 1, "TY2512")]
    [InlineData("a\0b\0\n", 1, "TY2512")]
    // A wrong part of a line that goes on after a backslash is told where it stands.
    [InlineData("a\ntorch \\\n  ==\n", 3, "TY2512")]
    [InlineData("torch \\\n>=2, \\\n<x\n", 3, "TY2512")]
    [InlineData("torch[a, \\\n_] \\\n>=2\n", 2, "TY2512")]
    [InlineData("torch>=2 ; \\\n  os_name == 'posix' and \\\n  system == 'x'\n", 3, "TY2512")]
    [InlineData("\\\n?torch \\\n>=2\n", 2, "TY2512")]
    [InlineData(
        "a==1 \\\n  --hash=sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa \\\n  --hash=sha256:00\n",
        3,
        "TY2512"
    )]
    [InlineData("a==1 \\\n  --hash \\\n  sha256:00\n", 3, "TY2512")]
    [InlineData("a==1 \\\r\n  --hash=md5:00\r\n", 2, "TY2512")]
    [InlineData("a==1 \\\n  --global-option=x \\\n  --hash=md5:00\n", 2, "TY2530")]
    [InlineData("x @ \\\n  https://host/x-1.tar.bz2\n", 2, "TY2530")]
    [InlineData("x @ \\\n  git+ext::sh\n", 2, "TY2514")]
    [InlineData("x @ \\\n  file:///gone-1.tar.gz\n", 2, "TY2512")]
    [InlineData("-r \\\n  gone.txt\n", 2, "TY2512")]
    [InlineData("a \\\n# a comment ends it\n\nb==\n", 4, "TY2512")]
    public void Errors_name_file_line_and_reason(string text, int line, string code)
    {
        using var directory = new TemporaryDirectory();
        directory.Write("requirements.txt", text);
        var error = Assert.Throws<TorchyardException>(() =>
            RecipeRequirements.Read(new PythonSettings { Requirements = ["requirements.txt"] }, directory.Path, _ => null)
        );
        Assert.Equal(code, error.Code);
        Assert.Equal(("requirements.txt", line), (error.Location!.File, error.Location.Line));
        Assert.True(error.IsUsage);
    }

    [Fact]
    public void A_line_that_goes_on_has_the_place_of_its_beginning_and_hashes_in_either_form()
    {
        using var directory = new TemporaryDirectory();
        directory.Write(
            "requirements.txt",
            $"\\\n  torch \\\n  ==2.9.0 \\\n  --hash  sha256:{Hash} \\\n  --hash=sha256:{new string('b', 64)}\nx==1 "
                + $"--hash=sha256:{Hash}\\\n"
        );
        var set = RecipeRequirements.Read(new PythonSettings { Requirements = ["requirements.txt"] }, directory.Path, _ => null);
        Assert.Equal(["torch==2.9.0", "x==1"], set.Requirements.Select(line => line.Requirement!.ToString()));
        Assert.Equal([2, 6], set.Requirements.Select(line => line.Place!.Line));
        Assert.Equal(2, set.Requirements[0].Hashes.Count);
    }

    [Fact]
    public void Sources_are_read_with_their_revisions_hashes_and_subdirectories()
    {
        using var directory = new TemporaryDirectory();
        directory.Write("dist/local-1.tar.gz", "x");
        directory.Write(
            "requirements.txt",
            $"""
            ./dist/local-1.tar.gz
            remote[x] @ https://host/remote-1.zip#sha256={Hash}&subdirectory=python ; python_version >= "3.8"
            git+https://host/bare.git@main#egg=bare
            named @ git+ssh://git@host/named.git
            --only-binary numpy,Scipy
            """
        );
        var set = RecipeRequirements.Read(new PythonSettings { Requirements = ["requirements.txt"] }, directory.Path, _ => null);
        Assert.Equal(["local-1.tar.gz", "remote-1.zip", null, null], set.Requirements.Select(line => line.Source!.Filename));
        Assert.Equal(("./dist/local-1.tar.gz", true), (set.Requirements[0].Source!.Path, set.Requirements[0].Source!.Url.IsFile));
        Assert.Equal((Hash, "python"), (set.Requirements[1].Source!.Sha256!.Value.Hex, set.Requirements[1].Source!.Subdirectory));
        Assert.Equal(("https://host/bare.git", "main"), (set.Requirements[2].Source!.PublicUrl, set.Requirements[2].Source!.Revision));
        Assert.Equal("named", set.Requirements[3].Requirement!.Name.Normal);
        Assert.Equal([false, false, true], new[] { "numpy", "scipy", "torch" }.Select(set.MayBuild));
    }

    [Fact]
    public void Pyproject_gives_its_dependencies_and_extras_with_their_places()
    {
        using var directory = new TemporaryDirectory();
        directory.Write(
            "pyproject.toml",
            "[project]\nname = \"p\"\ndependencies = [\"numpy\"]\n[project.optional-dependencies]\ngpu = [\"torch==2.9.*\"]\n"
        );
        var set = RecipeRequirements.Read(
            new PythonSettings { Pyproject = "pyproject.toml", PyprojectExtras = ["gpu"] },
            directory.Path,
            _ => null
        );
        Assert.Equal(["numpy", "torch"], set.Requirements.Select(r => r.Requirement!.Name.Normal));
        Assert.Equal(5, set.Requirements[1].Place!.Line);
        Assert.Equal(
            "TY2512",
            Assert
                .Throws<TorchyardException>(() =>
                    RecipeRequirements.Read(
                        new PythonSettings { Pyproject = "pyproject.toml", PyprojectExtras = ["none"] },
                        directory.Path,
                        _ => null
                    )
                )
                .Code
        );
    }

    [Theory]
    [InlineData("a\n  torch 2.9\n", 2, 9, "write torch==2.9")]
    [InlineData("torch=2.9\n", 1, 6, "write torch==2.9")]
    [InlineData("pip# no space\n", 1, 4, "comment begins after white space")]
    [InlineData("a; python_version > '3' and\tnope\n", 1, 29, "marker")]
    [InlineData("a>=1, \\\n   <x\n", 2, 4, "name>=1,<2")]
    [InlineData("-r other.txt rest\n", 1, 14, "line of its own")]
    [InlineData("-r other.txt -c other.txt\n", 1, 14, "line of its own")]
    [InlineData("a==1 --index-url https://host/simple\n", 1, 6, "line of its own")]
    [InlineData("a==1 --config-settings=x=y\n", 1, 6, "pip wheel")]
    [InlineData("--trusted-host host\n", 1, 1, "pip.conf")]
    [InlineData("-e git+https://host/clip.git@main#egg=clip\n", 1, 1, "clip @ git+https://host/clip.git@main")]
    [InlineData("-e .\n", 1, 1, "pyproject")]
    [InlineData("a; platform_release >= '5'\n", 1, 4, "platform_release")]
    [InlineData("-c 'open\n", 1, 4, "close the quote")]
    [InlineData("--index-url host/simple\n", 1, 13, "https://")]
    [InlineData("--extra-index-url https://b/simple\n-i https://a/simple\n", 2, 1, "before them")]
    [InlineData("-f ftp://host/wheels\n", 1, 4, "https address")]
    [InlineData("-r https://host/more.txt\n", 1, 4, "copy the file")]
    [InlineData("git+https://host/x.git --hash=sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", 1, 1, "@COMMIT")]
    public void What_is_refused_says_where_and_what_to_write(string text, int line, int column, string cure)
    {
        using var directory = new TemporaryDirectory();
        directory.Write("requirements.txt", text);
        directory.Write("other.txt", "b\n");
        var error = Assert.Throws<TorchyardException>(() =>
            RecipeRequirements.Read(new PythonSettings { Requirements = ["requirements.txt"] }, directory.Path, _ => null)
        );
        Assert.Equal(new SourceLocation("requirements.txt", line, column), error.Location);
        Assert.Contains(cure, error.Cure, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--require-hashes\na==1\n", "TY2532")]
    [InlineData("--require-hashes\na --hash=sha256:H\n", "TY2532")]
    [InlineData("a==1 --hash=sha256:H\nb==1\n", "TY2532")]
    [InlineData("a==1 --hash=sha256:H\nb>=1 --hash=sha256:H\n", "TY2532")]
    [InlineData("a==1 --hash=sha256:H\nb==1 --hash=sha256:H\n", null)]
    [InlineData("--require-hashes\nhttps://host/a-1-py3-none-any.whl#sha256=H\n", null)]
    public void With_hashes_every_line_has_one_as_with_pip(string text, string? code)
    {
        using var directory = new TemporaryDirectory();
        directory.Write("requirements.txt", text.Replace("H", Hash, StringComparison.Ordinal));
        RequirementSet Read() =>
            RecipeRequirements.Read(new PythonSettings { Requirements = ["requirements.txt"] }, directory.Path, _ => null);
        if (code is null)
        {
            Assert.True(Read().RequiresHashes);
        }
        else
        {
            Assert.Equal(code, Assert.Throws<TorchyardException>(Read).Code);
        }
    }

    [Fact]
    public void Formats_are_as_the_last_option_says()
    {
        using var directory = new TemporaryDirectory();
        directory.Write("requirements.txt", "--only-binary :all:\nlxml==5 --no-binary LXML\n");
        var set = RecipeRequirements.Read(new PythonSettings { Requirements = ["requirements.txt"] }, directory.Path, _ => null);
        Assert.Equal((true, true), (set.MayBuild("lxml"), set.MustBuild("lxml")));
        Assert.Equal((false, false), (set.MayBuild("numpy"), set.MustBuild("numpy")));
    }

    [Fact]
    public void A_path_is_taken_from_the_recipe_as_pip_does_from_where_it_runs_and_else_from_beside_its_file()
    {
        using var directory = new TemporaryDirectory();
        new TestWheel("local", "1").WriteTo(Path.Combine(directory.Path, "sub", "wheels"));
        directory.Write(
            "sub/more.txt",
            "wheels/local-1-py3-none-any.whl\n./sub/wheels/local-1-py3-none-any.whl[x] ; python_version > '3'\n"
        );
        var set = RecipeRequirements.Read(new PythonSettings { Requirements = ["sub/more.txt"] }, directory.Path, _ => null);
        // The lock's paths are those of the recipe.
        Assert.Equal(
            ["sub/wheels/local-1-py3-none-any.whl", "./sub/wheels/local-1-py3-none-any.whl"],
            set.Requirements.Select(line => line.WrittenPath)
        );
        Assert.Equal(["x"], set.Requirements[1].Extras);
        Assert.NotNull(set.Requirements[1].Marker);
    }

    [Fact]
    public void Files_of_a_server_are_fetched_with_what_they_include_and_name_nothing_of_this_machine()
    {
        using var directory = new TemporaryDirectory();
        directory.Write("requirements.txt", "a\n-c https://host/dir/limits.txt\n");
        var served = new Dictionary<string, string>
        {
            ["https://host/dir/limits.txt"] = "b==1\n-r deeper/more.txt\n",
            ["https://host/dir/deeper/more.txt"] = "c==2\n",
        };
        RequirementSet Read() =>
            RecipeRequirements.Read(
                new PythonSettings { Requirements = ["requirements.txt"] },
                directory.Path,
                _ => null,
                fetch: url => System.Text.Encoding.UTF8.GetBytes(served[url.AbsoluteUri])
            );
        var set = Read();
        Assert.Equal(["a", "c"], set.Requirements.Select(line => line.Requirement!.Name.Normal));
        Assert.Equal("b", Assert.Single(set.Constraints).Requirement!.Name.Normal);
        foreach (var hostile in new[] { "-r file:///etc/passwd\n", "/etc/x-1.tar.gz\n", "x @ file:///etc/x-1.tar.gz\n", "-f /srv\n" })
        {
            served["https://host/dir/limits.txt"] = hostile;
            var error = Assert.Throws<TorchyardException>(Read);
            Assert.Equal("TY2530", error.Code);
            Assert.Equal("https://host/dir/limits.txt", error.Location!.File);
        }
    }

    [Fact]
    public void Files_that_include_each_other_over_and_over_end()
    {
        using var directory = new TemporaryDirectory();
        for (var i = 0; i < 12; i++)
        {
            directory.Write($"f{i}.txt", string.Concat(Enumerable.Repeat($"-r f{i + 1}.txt\n", 3)));
        }

        directory.Write("f12.txt", "a\n");
        var error = Assert.Throws<TorchyardException>(() =>
            RecipeRequirements.Read(new PythonSettings { Requirements = ["f0.txt"] }, directory.Path, _ => null)
        );
        Assert.Equal("TY2512", error.Code);
    }

    [Fact]
    public void A_coding_line_is_followed_and_another_coding_is_named()
    {
        using var directory = new TemporaryDirectory();
        RequirementSet Read(string text)
        {
            File.WriteAllBytes(Path.Combine(directory.Path, "requirements.txt"), System.Text.Encoding.Latin1.GetBytes(text));
            return RecipeRequirements.Read(new PythonSettings { Requirements = ["requirements.txt"] }, directory.Path, _ => null);
        }

        Assert.Single(Read("# -*- coding: latin-1 -*-\na # \u00e9\n").Requirements);
        Assert.Contains(
            "iconv -f koi8-r",
            Assert.Throws<TorchyardException>(() => Read("# coding: koi8-r\na # \u00e9\n")).Cure,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "iconv -f WINDOWS-1252",
            Assert.Throws<TorchyardException>(() => Read("a # \u00e9\n")).Cure,
            StringComparison.Ordinal
        );
    }

    private static RequirementSet ReadProject(TemporaryDirectory directory, string text, string[] extras, params string[] groups)
    {
        directory.Write("pyproject.toml", text);
        return RecipeRequirements.Read(
            new PythonSettings
            {
                Pyproject = "pyproject.toml",
                PyprojectExtras = extras,
                PyprojectGroups = groups,
            },
            directory.Path,
            _ => null
        );
    }

    [Fact]
    public void Extras_that_name_the_project_itself_are_expanded_in_any_spelling_and_no_index_is_asked_for_it()
    {
        using var directory = new TemporaryDirectory();
        var set = ReadProject(
            directory,
            """
            [project]
            name = "My_Own.project"
            dependencies = ["numpy"]
            [project.optional-dependencies]
            GPU_x = ["alpha"]
            dev = ["beta; python_version > '3.8'", "my-own-project[all]"]
            All = ["MY-own--Project [gpu.X,dev] >= 1 ; python_version < '4'"]
            """,
            ["aLL"]
        );
        Assert.Equal(
            ["numpy", "alpha; python_version < \"4\"", "beta; python_version < \"4\" and python_version > \"3.8\""],
            set.Requirements.Select(line => line.Requirement!.ToString())
        );
        Assert.Equal("my-own-project", set.Project);
    }

    [Theory]
    [InlineData("[project]\ndynamic = [\"name\"]\ndependencies = [\"me\"]\n", "TY2534", 2)]
    [InlineData("[project]\ndependencies = [\"me\"]\n", "TY2534", 1)]
    [InlineData("[project]\nname = \"me\"\n[project.optional-dependencies]\nall = [\"Me[gone]\"]\n", "TY2512", 4)]
    [InlineData("[project]\nname = \"me\"\n[project.optional-dependencies]\nall = []\nAll = []\n", "TY2512", 5)]
    [InlineData("[project]\nname = \"me\"\ndynamic = [\"optional-dependencies\"]\n", "TY2512", 3)]
    [InlineData("[project]\nname = \"me\"\nrequires-python = \"3.x\"\n[project.optional-dependencies]\nall = []\n", "TY2512", 3)]
    public void A_project_whose_lists_cannot_be_known_is_refused(string text, string code, int line)
    {
        using var directory = new TemporaryDirectory();
        var error = Assert.Throws<TorchyardException>(() => ReadProject(directory, text, ["all"]));
        Assert.Equal((code, line), (error.Code, error.Location!.Line));
    }

    [Theory]
    [InlineData("me")]
    [InlineData("M_e[gpu]")]
    public void The_project_itself_in_another_list_is_refused(string name)
    {
        using var directory = new TemporaryDirectory();
        directory.Write("pyproject.toml", "[project]\nname = \"m.E\"\n");
        directory.Write("requirements.txt", name.Replace('_', '-') + "\n");
        var own = name == "me" ? "[project]\nname = \"ME\"\n" : "[project]\nname = \"m.E\"\n";
        directory.Write("pyproject.toml", own);
        var error = Assert.Throws<TorchyardException>(() =>
            RecipeRequirements.Read(
                new PythonSettings { Pyproject = "pyproject.toml", Requirements = ["requirements.txt"] },
                directory.Path,
                _ => null
            )
        );
        Assert.Equal("TY2534", error.Code);
    }

    [Fact]
    public void Dependency_groups_are_read_with_those_they_include()
    {
        using var directory = new TemporaryDirectory();
        const string Groups = """
            [dependency-groups]
            test = ["pytest>=8", { include-group = "Co-ver_age" }]
            co_ver-age = ["coverage"]
            dev = [{ include-group = "test" }, "ruff", { include-group = "co-ver-age" }]
            round = [{ include-group = "trip" }]
            trip = [{ include-group = "round" }]
            odd = [{ include-group = "test", more = 1 }]
            """;
        Assert.Equal(
            ["pytest>=8", "coverage", "ruff"],
            ReadProject(directory, Groups, [], "Dev").Requirements.Select(line => line.Requirement!.ToString())
        );
        Assert.Equal(
            ["numpy", "coverage"],
            ReadProject(directory, "[project]\nname = \"me\"\ndependencies = [\"numpy\"]\n" + Groups, [], "co-ver-age")
                .Requirements.Select(line => line.Requirement!.ToString())
        );
        foreach (var wrong in new[] { "round", "odd", "none" })
        {
            Assert.Equal("TY2512", Assert.Throws<TorchyardException>(() => ReadProject(directory, Groups, [], wrong)).Code);
        }
    }

    [Fact]
    public void Requires_python_is_held()
    {
        using var directory = new TemporaryDirectory();
        var set = ReadProject(directory, "[project]\nname = \"me\"\nrequires-python = \">=3.9,<3.12\"\n", []);
        set.RequirePython(Torchyard.Packages.Python.Versions.PythonVersion.Parse("3.11.2"));
        var error = Assert.Throws<TorchyardException>(() =>
            set.RequirePython(Torchyard.Packages.Python.Versions.PythonVersion.Parse("3.13.5"))
        );
        Assert.Equal("TY2533", error.Code);
        Assert.Equal(new SourceLocation("pyproject.toml", 3, 19), error.Location);
        Assert.Contains("3.13.5", error.Message, StringComparison.Ordinal);
    }
}
