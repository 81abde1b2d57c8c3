using System.Text;

namespace Torchyard.Packages.Tests.Cudnn;

/// <summary>Manifests as NVIDIA publishes them, shortened to the platforms that tests ask for; numbers and order are NVIDIA's.</summary>
internal static class Manifests
{
    /// <summary>redistrib_9.0.0.json: an archive for each CUDA, sizes as texts.</summary>
    public const string Release900 = """
        {
            "release_date": "2024-02-05",
            "release_label": "9.0.0",
            "release_product": "cudnn",
            "cudnn": {
                "name": "NVIDIA CUDA Deep Neural Network library",
                "license": "cudnn",
                "license_path": "cudnn/LICENSE.txt",
                "version": "9.0.0.312",
                "linux-x86_64": {
                    "cuda11": {
                        "relative_path": "cudnn/linux-x86_64/cudnn-linux-x86_64-9.0.0.312_cuda11-archive.tar.xz",
                        "sha256": "52fa7088deb25d4555e37996b3d767e61d5d4397b7d45cce50bfc54cd8608a63",
                        "md5": "a56a8c3143f7b29e1ab28f42c1612949",
                        "size": "878943764"
                    },
                    "cuda12": {
                        "relative_path": "cudnn/linux-x86_64/cudnn-linux-x86_64-9.0.0.312_cuda12-archive.tar.xz",
                        "sha256": "d3890e609d6530ee5b88ff95b60c8e6b1c1ec7fa966ec533925f20f896fcc630",
                        "md5": "2d66eca078f49f9bb88f60cbc8ffdaed",
                        "size": "884762828"
                    }
                },
                "cuda_variant": [
                    "11",
                    "12"
                ],
                "linux-aarch64": {
                    "cuda12": {
                        "relative_path": "cudnn/linux-aarch64/cudnn-linux-aarch64-9.0.0.312_cuda12-archive.tar.xz",
                        "sha256": "38552583ebb8de96e83c9e6ec70d050254d8dc635ba47098d171ab3cc78b14f4",
                        "md5": "635c8334a3a9c1459a4f1f96a263ae9a",
                        "size": "904793708"
                    }
                }
            },
            "cudnn_samples": {
                "name": "NVIDIA cuDNN samples",
                "license": "cudnn",
                "license_path": "cudnn_samples/LICENSE.txt",
                "version": "9.0.0.312",
                "source": {
                    "relative_path": "cudnn_samples/source/cudnn_samples-source-9.0.0.312-archive.tar.xz",
                    "sha256": "ac4d2d0e0c56f66e6d4a67ae27cd2033a9fbec74f2793b36de40750be689d55f",
                    "md5": "4fa604c033dfd7f92c92b4e1e67a69ab",
                    "size": "1665112"
                }
            }
        }
        """;

    /// <summary>redistrib_8.9.7.29.json: one CUDA, described at the platform itself.</summary>
    public const string Release897 = """
        {
            "release_date": "2023-12-05",
            "release_label": "8.9.7.29",
            "release_product": "cudnn-v8-9-cuda-12",
            "cudnn": {
                "name": "NVIDIA CUDA Deep Neural Network library",
                "license": "cudnn",
                "license_path": "cudnn/LICENSE.txt",
                "version": "8.9.7.29",
                "linux-x86_64": {
                    "relative_path": "cudnn/linux-x86_64/cudnn-linux-x86_64-8.9.7.29_cuda12-archive.tar.xz",
                    "sha256": "475333625c7e42a7af3ca0b2f7506a106e30c93b1aa0081cd9c13efb6e21e3bb",
                    "md5": "046e32d5ab0fdc56878e9b33f3a6883d",
                    "size": "864984964"
                }
            }
        }
        """;

    /// <summary>A manifest of the form of 9.x for an archive of a test.</summary>
    public static byte[] Of(string version, byte[] archive) => Encoding.UTF8.GetBytes($$$"""
        {"release_label": "{{{version[..version.LastIndexOf('.')]}}}", "release_product": "cudnn", "cudnn": {"license": "cudnn", "license_path": "cudnn/LICENSE.txt", "version": "{{{version}}}",
        "linux-x86_64": {"cuda12": {"relative_path": "cudnn/linux-x86_64/cudnn-linux-x86_64-{{{version}}}_cuda12-archive.tar.xz",
        "sha256": "{{{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(archive))}}}", "size": "{{{archive.Length}}}"}}, "cuda_variant": ["12"]}}
        """);
}
