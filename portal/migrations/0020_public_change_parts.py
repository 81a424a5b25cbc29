from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("portal", "0019_identity")]

    operations = [
        migrations.AddField(
            model_name="publicchange",
            name="part",
            field=models.CharField(default="", max_length=40, verbose_name="部分"),
        ),
    ]
