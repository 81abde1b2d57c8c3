using Torchyard.Packages.Nvidia;

namespace Torchyard.Fuzz.Targets.Debian;

internal sealed class RedistTarget : FuzzTarget
{
    public override string Name => "nvidia-redist";

    public override string Input => "manifests of NVIDIA's archives, and names of files in their indexes";

    public override IReadOnlyList<string> Words =>
        [
            "\"cudnn\":{",
            "\"cuda_compat\":{",
            "\"linux-x86_64\":{",
            "\"cuda12\":{",
            "\"relative_path\":\"cudnn/linux-x86_64/cudnn-linux-x86_64-9.0.0.312_cuda12-archive.tar.xz\"",
            "\"sha256\":\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"",
            "\"size\":\"100\"",
            "\"version\":\"9.0.0.312\"",
            "\"license_path\":\"cudnn/LICENSE.txt\"",
            "null",
            "\"\\ud800\"",
        ];

    public override object? Parse(byte[] input)
    {
        var cudnn = RedistManifest.Find(input, new RedistQuery("cudnn", "cuDNN", "linux-x86_64") { Cuda = "12" }, out var problem);
        Require(cudnn is null == problem.Length > 0, "an archive is found with a problem, or not found without one");
        Require(cudnn is null || !cudnn.Path.Split('/').Contains(".."), "the path of an archive leads out of the index");
        var compat = RedistManifest.Find(input, new RedistQuery("cuda_compat", "CUDA compat", "linux-x86_64"), out _);
        return (cudnn, compat, problem, CudaCompatFile.Parse(System.Text.Encoding.UTF8.GetString(input)));
    }
}
